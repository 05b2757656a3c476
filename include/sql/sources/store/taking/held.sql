-- The capture that is held back, if one is, and what was decided about it; and the next id that is free. One row; O(captures held).
select
    h.snapshot_id,
    h.reasons,
    d.decision,
    greatest(
        (select max(s.snapshot_id) from captures.snapshots as s),
        (select max(o.snapshot_id) from captures.held as o),
        0
    ) + 1 as next_id
from (select max(o.snapshot_id) as snapshot_id from captures.held as o where o.open) as standing
left join captures.held as h on standing.snapshot_id = h.snapshot_id
left join audit.capture_decisions as d on h.snapshot_id = d.snapshot_id
