-- How the given contacts were at a capture: their last row until then; of who became a contact later, until the capture before that,
-- so that nothing earlier is told. One row a contact that had one; O(contacts given) index look-ups.
select
    k.contact_id,
    %(capture)s::bigint as snapshot_id,
    c.account_id,
    c.name,
    c.email,
    c.primary_phone,
    c.custom_fields::text as custom_fields,
    c.created_at,
    not c.deleted as present,
    c.merged_into::text as merged_into
from captures.scope as k
cross join lateral (
    select r.*
    from captures.contact_snapshots as r
    where
        r.contact_id = k.contact_id
        and r.snapshot_id <= greatest(%(capture)s, k.since_snapshot_id - 1)
    order by r.snapshot_id desc
    limit 1
) as c
where
    k.contact_id = any(%(contacts)s::bigint [])
    and k.since_snapshot_id is not null
