-- When a capture after a moment first says what the given contacts are: a usable row, or absence from a full capture.
-- One row a contact of which one does; O(contacts given * captures until then) index look-ups.
select
    k.contact_id,
    w.captured_at as known_at
from unnest(%(contacts)s::bigint []) as k (contact_id)
cross join lateral (
    select s.captured_at
    from snapshots as s
    left join lateral (
        select r.fault is null as usable
        from contact_snapshots as r
        where
            r.snapshot_id = s.snapshot_id
            and r.contact_id = k.contact_id
    ) as r on true
    where
        s.captured_at > %(after)s
        and s.snapshot_id <> all(%(ignored)s::bigint [])
        and coalesce(r.usable, s.kind = 'full')
    order by s.captured_at
    limit 1
) as w
