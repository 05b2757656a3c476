-- How the given contacts were at a capture and at the one before it. One row a contact and end; O(contacts given) index look-ups.
select
    wanted.contact_id,
    at_end.last_id = %(snapshot_id)s as after,
    c.name,
    c.email,
    c.primary_phone,
    c.custom_fields::text as custom_fields
from unnest(%(contacts)s::bigint []) as wanted (contact_id)
cross join unnest(array[%(snapshot_id)s::bigint, %(previous_id)s::bigint]) as at_end (last_id)
cross join lateral (
    select r.*
    from captures.contact_snapshots as r
    where
        r.contact_id = wanted.contact_id
        and r.snapshot_id <= at_end.last_id
    order by r.snapshot_id desc
    limit 1
) as c
where
    not c.deleted
    and jsonb_typeof(c.custom_fields) = 'object'
