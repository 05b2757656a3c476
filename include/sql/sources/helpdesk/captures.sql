-- All captures, oldest first. O(captures).
-- A capture at an infinite moment lies in no window, and Arrow cannot hold it: it is left out.
select
    s.snapshot_id,
    s.captured_at,
    s.kind
from helpdesk.snapshots as s
where isfinite(s.captured_at)
order by s.captured_at
