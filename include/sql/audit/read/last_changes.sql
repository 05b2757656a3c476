-- For each field of a contact, the last event up to a moment that changed it. O(the contact's events).
select distinct on (change.field)
    change.field,
    event.event_id::text as event_id,
    event.action,
    event.occurred_at,
    event.occurred_after,
    event.author_type,
    event.author_id,
    event.author_name,
    event.attribution
from audit.contact_audit_log as event
cross join lateral jsonb_array_elements_text(event.fields) as change (field)
where
    event.contact_id = %(contact_id)s
    and event.occurred_at <= %(at)s::timestamptz
order by
    change.field asc,
    event.occurred_at desc,
    event.window_end desc,
    event.sequence desc
