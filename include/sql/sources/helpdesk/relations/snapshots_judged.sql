-- The captures that can be used, of a source whose constraints do not keep their keys: an id or a moment that stands for two
-- is none. A full capture with rows of nobody (%(nameless)s) says nothing by absence: any of them may be the contact that it
-- lacks. So it counts as a 'changed' one. One row a capture; O(captures).
select
    k.snapshot_id,
    k.captured_at,
    case when k.snapshot_id = any(%(nameless)s::bigint []) then 'changed' else k.kind end as kind
from (
    select
        d.*,
        count(*) over (partition by d.snapshot_id) as of_id,
        count(*) over (partition by d.captured_at) as of_moment
    from (
        select distinct
            r.snapshot_id,
            r.captured_at,
            r.kind
        from read_snapshots as r
        where
            r.snapshot_id is not null
            and r.captured_at >= '0002-01-01 00:00:00+00'
            and r.captured_at < '9999-01-01 00:00:00+00'
            and r.kind in ('full', 'changed')
    ) as d
) as k
where
    k.of_id = 1
    and k.of_moment = 1
