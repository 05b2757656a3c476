-- Alerts that the log does not bear out any more.
update audit.alerts
set
    retracted_at = now(),
    retracted_why = %(why)s
where alert_id = any(%(alert_ids)s)
