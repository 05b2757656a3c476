-- The alerts that stand of these watches and keys, with the events behind each.
select
    alert.alert_id,
    alert.watch,
    alert.key,
    array(
        select behind.event_id::text
        from audit.alert_events as behind
        where behind.alert_id = alert.alert_id
    ) as events
from unnest(%(keys)s::text []) as wanted (key)
inner join audit.alerts as alert on wanted.key = alert.key
where
    alert.watch = any(%(watches)s)
    and alert.retracted_at is null
