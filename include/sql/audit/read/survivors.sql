-- Of some contacts, those that are part of another one now, with that one's name of the newest capture. O(contacts given).
select
    merged.contact_id,
    merged.merged_into,
    survivor.name,
    merged.occurred_at as merged_at,
    merged.event_id::text as event_id
from audit.merged_contacts as merged
left join audit.contacts as survivor on merged.merged_into = survivor.contact_id
where merged.contact_id = any(%(contacts)s::text [])
