-- All rows of the 'changed' captures of a time: what each says of its contacts. O(rows that differ).
-- An infinite moment is none: Arrow cannot hold it.
select
    c.contact_id,
    c.snapshot_id,
    c.account_id,
    c.name,
    c.email,
    c.primary_phone,
    c.custom_fields::text as custom_fields,
    case when isfinite(c.created_at) then c.created_at end as created_at,
    not c.deleted as present
from helpdesk.snapshots as s
inner join helpdesk.contact_snapshots as c on s.snapshot_id = c.snapshot_id
where
    s.kind = 'changed'
    and s.captured_at > %(after)s
    and s.captured_at <= %(until)s
    and s.snapshot_id <> all(%(ignored)s::bigint [])
