-- The captures that can be used; the source's constraints keep their keys. One row a capture; costs nothing.
-- A moment beyond what can be told lies in no window.
select
    r.snapshot_id,
    r.captured_at,
    r.kind
from read_snapshots as r
where
    r.snapshot_id is not null
    and r.captured_at >= '0002-01-01 00:00:00+00'
    and r.captured_at < '9999-01-01 00:00:00+00'
    and r.kind in ('full', 'changed')
