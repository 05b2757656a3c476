-- All captures, oldest first; kind baseline where the adapter read contacts otherwise than for the one before. O(captures).
select
    s.snapshot_id,
    s.captured_at,
    case when s.baseline then 'baseline' else s.kind end as kind
from captures.snapshots as s
order by s.snapshot_id
