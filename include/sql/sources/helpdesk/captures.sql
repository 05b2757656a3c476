-- All captures, oldest first. O(captures).
select
    s.snapshot_id,
    s.captured_at,
    s.kind
from helpdesk.snapshots as s
where isfinite(s.captured_at)
order by s.captured_at
