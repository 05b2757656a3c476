-- A destination has these alerts, and knows of these that were taken back; with the last destination, an alert is delivered.
update audit.alerts as alert
set
    delivered_to = case
        when alert.retracted_at is null then alert.delivered_to || array[%(destination)s]
        else alert.delivered_to
    end,
    delivered_at = case
        when alert.retracted_at is null and alert.delivered_to || array[%(destination)s] @> %(destinations)s::text [] then now()
        else alert.delivered_at
    end,
    retraction_told_to = case
        when alert.retracted_at is null then alert.retraction_told_to
        else alert.retraction_told_to || array[%(destination)s]
    end
where alert.alert_id = any(%(alert_ids)s)
