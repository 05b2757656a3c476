-- All rows of the 'changed' captures of a time: what each says of its contacts. O(rows that differ).
-- `raw`, each row as JSON text, where a key may come twice (%(once)s: it may not).
select
    c.contact_id,
    c.snapshot_id,
    c.account_id,
    c.name,
    c.email,
    c.primary_phone,
    c.custom_fields::text as custom_fields,
    c.created_at_told as created_at,
    c.fault,
    c.note,
    c.whole,
    case when not %(once)s then c.raw end as raw,
    not c.deleted as present
from snapshots as s
inner join contact_rows as c on s.snapshot_id = c.snapshot_id
where
    s.kind = 'changed'
    and s.captured_at > %(after)s
    and s.captured_at <= %(until)s
    and s.snapshot_id <> all(%(ignored)s::bigint [])
