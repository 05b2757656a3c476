-- The captures with journal rows, each with the one before it. One row a capture; O(captures).
select
    s.snapshot_id,
    s.previous_id,
    s.epoch,
    s.captured_at
from (
    select
        o.*,
        lag(o.snapshot_id) over (order by o.snapshot_id) as previous_id
    from captures.snapshots as o
) as s
where
    s.entries > 0
    or s.snapshot_id = %(only_one)s
order by s.snapshot_id
