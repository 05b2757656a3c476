-- All rows of the captures of a stretch (after, until], by the usable capture that shows them first: an ignored one is as if its rows
-- were the next one's. One row a contact and such capture; O(rows that differ).
select distinct on (r.contact_id, usable.snapshot_id)
    r.contact_id,
    usable.snapshot_id,
    r.account_id,
    r.name,
    r.email,
    r.primary_phone,
    r.custom_fields::text as custom_fields,
    r.created_at,
    not r.deleted as present,
    r.merged_into::text as merged_into
from captures.contact_snapshots as r
inner join captures.scope as k on r.contact_id = k.contact_id
cross join lateral (
    select s.snapshot_id
    from captures.snapshots as s
    where
        s.snapshot_id >= r.snapshot_id
        and s.snapshot_id <> all(%(ignored)s::bigint [])
    order by s.snapshot_id
    limit 1
) as usable
where
    r.snapshot_id > %(after)s
    and r.snapshot_id <= %(until)s
    and usable.snapshot_id <= %(until)s
    and k.since_snapshot_id <= r.snapshot_id
order by
    r.contact_id asc,
    usable.snapshot_id asc,
    r.snapshot_id desc
