-- Each contact that the captures of a time mention: its last values in one of them (null custom_fields: none), whether the
-- last usable row says it is deleted, and when one last mentioned it (a contact that the last full capture does not mention is
-- gone). One row a contact; O(rows of those captures).
select distinct on (c.contact_id)
    c.contact_id,
    c.account_id,
    c.name,
    c.email,
    c.primary_phone,
    case when not c.deleted and c.fault is null then c.custom_fields::text end as custom_fields,
    c.created_at_told as created_at,
    first_value(c.deleted) over (
        partition by c.contact_id
        order by (c.fault is null) desc, s.captured_at desc
    ) as deleted,
    c.snapshot_id,
    max(s.captured_at) over (partition by c.contact_id) as seen_at
from snapshots as s
inner join contact_snapshots as c on s.snapshot_id = c.snapshot_id
where
    s.captured_at > %(after)s
    and s.captured_at <= %(until)s
    and s.snapshot_id <> all(%(ignored)s::bigint [])
order by
    c.contact_id asc,
    (not c.deleted and c.fault is null) desc,
    s.captured_at desc
