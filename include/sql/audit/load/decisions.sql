-- What was decided about captures. O(decisions).
select
    d.snapshot_id,
    d.decision
from audit.capture_decisions as d
