-- Events a day (UTC) by attribution in [first, last], counted in the log itself, which daily_activity is made of.
select
    (occurred_at at time zone 'UTC')::date as day,
    attribution,
    count(*) as events
from audit.contact_audit_log
where
    occurred_at >= %(first)s::timestamp at time zone 'UTC'
    and occurred_at < (%(last)s::date + 1)::timestamp at time zone 'UTC'
group by day, attribution
