-- The events behind alerts of one watch, by their keys.
insert into audit.alert_events (alert_id, event_id, occurred_at, contact_id)
select
    alert.alert_id,
    one.event_id,
    one.occurred_at,
    one.contact_id
from unnest(%(key)s::text [], %(event_id)s::uuid [], %(occurred_at)s::timestamptz [], %(contact_id)s::text [])
    as one (key, event_id, occurred_at, contact_id)
inner join audit.alerts as alert on one.key = alert.key
where
    alert.watch = %(watch)s
    and alert.retracted_at is null
