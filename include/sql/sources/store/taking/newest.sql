-- The newest capture. One row or none; O(1).
select
    s.snapshot_id,
    s.captured_at,
    s.adapter_version,
    s.reading,
    s.epoch,
    s.newest_entry_id,
    s.begun_at
from captures.snapshots as s
order by s.snapshot_id desc
limit 1
