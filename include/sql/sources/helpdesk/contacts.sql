-- The last usable row of each contact that the captures of a time mention, and when a capture of that time last mentioned it: a
-- contact not seen in the last full capture is gone. One row a contact; O(rows of those captures).
select distinct on (c.contact_id)
    c.contact_id,
    c.account_id,
    c.name,
    c.email,
    c.primary_phone,
    c.custom_fields::text as custom_fields,
    c.created_at,
    c.deleted,
    c.snapshot_id,
    max(s.captured_at) over (partition by c.contact_id) as seen_at
from helpdesk.snapshots as s
inner join helpdesk.contact_snapshots as c on s.snapshot_id = c.snapshot_id
where
    s.captured_at > %(after)s
    and s.captured_at <= %(until)s
    and s.snapshot_id <> all(%(ignored)s::bigint [])
order by
    c.contact_id asc,
    (jsonb_typeof(c.custom_fields) = 'object') desc,
    s.captured_at desc
