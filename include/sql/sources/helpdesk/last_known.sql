-- When captures last said what the given contacts were, until a moment: a usable row, or absence from a full capture (the very first
-- one counts as full); and when, after that, one first had a row that cannot be used.
-- One row a contact (known_at null: none ever said it); O(contacts given * captures since then) index look-ups.
select
    k.contact_id,
    w.captured_at as known_at,
    (
        select min(s.captured_at)
        from snapshots as s
        inner join contact_snapshots as r on s.snapshot_id = r.snapshot_id
        where
            r.contact_id = k.contact_id
            and r.fault is not null
            and s.captured_at > coalesce(w.captured_at, '-infinity')
            and s.captured_at <= %(captured_at)s
            and s.snapshot_id <> all(%(ignored)s::bigint [])
    ) as lost_at
from unnest(%(contacts)s::bigint []) as k (contact_id)
left join lateral (
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
        s.captured_at <= %(captured_at)s
        and s.snapshot_id <> all(%(ignored)s::bigint [])
        and coalesce(r.usable, s.kind = 'full' or s.captured_at = %(first_at)s)
    order by s.captured_at desc
    limit 1
) as w on true
