-- The contact to show: the one given; without one, contact 1 (the star of the demo), else the one with most events in
-- the last day of the log. No row: an empty log, or no such contact.
-- O(events of a day), with the index on time.
with newest as (
    select max(event.occurred_at) as occurred_at
    from audit.contact_audit_log as event
),

busiest as (
    select event.contact_id
    from audit.contact_audit_log as event
    cross join newest
    where event.occurred_at > newest.occurred_at - interval '1 day'
    group by event.contact_id
    order by count(*) desc, event.contact_id asc
    limit 1
),

wanted as (
    select
        coalesce(
            %(contact_id)s::text,
            (select max(event.contact_id) from audit.contact_audit_log as event where event.contact_id = '1'),
            (select busiest.contact_id from busiest)
        ) as contact_id
)

select
    event.contact_id,
    event.account_id,
    contact.name,
    contact.email,
    coalesce(contact.deleted, false) as deleted
from wanted
cross join lateral (
    select
        newest_event.contact_id,
        newest_event.account_id
    from audit.contact_audit_log as newest_event
    where newest_event.contact_id = wanted.contact_id
    order by newest_event.occurred_at desc
    limit 1
) as event
left join audit.contacts as contact on event.contact_id = contact.contact_id
