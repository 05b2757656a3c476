-- How many contacts there were at a capture that is no full one: their last rows since the last full capture. One row.
select count(*) as contacts
from (
    select distinct on (c.contact_id) c.deleted
    from snapshots as s
    inner join contact_snapshots as c on s.snapshot_id = c.snapshot_id
    where
        s.captured_at >= %(last_full_at)s
        and s.captured_at <= %(captured_at)s
        and s.snapshot_id <> all(%(ignored)s::bigint [])
    order by c.contact_id asc, s.captured_at desc
) as newest
where not newest.deleted
