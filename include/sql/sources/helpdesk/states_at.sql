-- How the given contacts were at a capture: as their last row until then says, unless a full capture since left them out. Where that
-- row cannot be used, nobody knows: it is given with its fault, and with no value but its key.
-- One row a contact that had one; O(contacts given + captures). Where the captures' ids are in the order of their moments,
-- as they mostly are, an index look-up ends at that row; else all rows of these contacts are read.
with
all_captures as (
    select
        s.snapshot_id,
        s.captured_at,
        s.snapshot_id > lag(s.snapshot_id, 1, s.snapshot_id - 1) over (order by s.captured_at) as follows
    from snapshots as s
),

ids as materialized (
    select
        bool_and(a.follows) as in_order,
        max(a.snapshot_id) filter (where a.captured_at <= %(captured_at)s) as newest
    from all_captures as a
)

select
    k.contact_id,
    %(capture)s::bigint as snapshot_id,
    c.account_id,
    c.name,
    c.email,
    c.primary_phone,
    case when c.fault is null then c.custom_fields::text end as custom_fields,
    c.created_at_told as created_at,
    -- what a full capture has left out since is gone, whatever its last row was
    case when c.captured_at >= %(last_full_at)s then c.fault end as fault,
    case when c.fault is null then c.note end as note,
    c.whole,
    not c.deleted and c.captured_at >= %(last_full_at)s as present
from unnest(%(contacts)s::bigint []) as k (contact_id)
cross join lateral (
    (
        select
            r.*,
            s.captured_at
        from contact_snapshots as r
        inner join snapshots as s on r.snapshot_id = s.snapshot_id
        where
            (select i.in_order from ids as i)
            and r.contact_id = k.contact_id
            and r.snapshot_id <= (select i.newest from ids as i)
            and r.snapshot_id <> all(%(ignored)s::bigint [])
        order by r.snapshot_id desc
        limit 1
    )
    union all
    (
        select
            r.*,
            s.captured_at
        from contact_snapshots as r
        inner join snapshots as s on r.snapshot_id = s.snapshot_id
        where
            not (select i.in_order from ids as i)
            and r.contact_id = k.contact_id
            and s.captured_at <= %(captured_at)s
            and s.snapshot_id <> all(%(ignored)s::bigint [])
        order by s.captured_at desc
        limit 1
    )
) as c
