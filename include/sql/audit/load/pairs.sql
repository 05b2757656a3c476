-- The captures that the rows of the given windows rest on. O(rows of these windows).
select distinct
    e.window_end,
    p.snapshot_id
from audit.contact_audit_log as e
cross join lateral unnest(array[e.previous_snapshot_id, e.snapshot_id]) as p (snapshot_id)
where
    e.window_end = any(%(windows)s::timestamptz [])
    and p.snapshot_id is not null
