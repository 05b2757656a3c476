-- A contact's events after a moment, the last of its history first: in this order they can be undone.
-- O(rows returned).
select
    event.action,
    event.changes::text as changes
from audit.contact_audit_log as event
where
    event.contact_id = %(contact_id)s
    and event.occurred_at > %(at)s::timestamptz
order by event.window_end desc, event.sequence desc
