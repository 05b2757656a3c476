-- How much evidence each window of a time holds: journal entries by the capture that saw them first, before the first capture by their
-- moment, and rows of captures. One row a window that holds any; O(evidence counted), from indexes.
with
first_capture as (
    select min(s.snapshot_id) as snapshot_id
    from captures.snapshots as s
),

early as (
    select
        date_bin('3 hours', j.occurred_at - interval '1 microsecond', '2019-10-01 UTC') as window_start,
        count(*) as rows_held
    from captures.contact_journal as j
    where
        j.occurred_at > %(after)s
        and j.occurred_at <= %(until)s
        and j.seen_snapshot_id = (select f.snapshot_id from first_capture as f)
    group by 1
),

captured as (
    select
        date_bin('3 hours', s.captured_at - interval '1 microsecond', '2019-10-01 UTC') as window_start,
        case when s.kind = 'full' then 0 else s.rows_written + s.entries end as rows_held
    from captures.snapshots as s
    where
        s.captured_at > %(after)s
        and s.captured_at <= %(until)s
)

select
    e.window_start + interval '3 hours' as window_end,
    sum(e.rows_held)::bigint as weight
from (
    select * from early
    union all
    select * from captured
) as e
group by 1
having sum(e.rows_held) > 0
