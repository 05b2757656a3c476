-- All captures that can be used, oldest first. O(captures).
select
    s.snapshot_id,
    s.captured_at,
    s.kind
from snapshots as s
order by s.captured_at
