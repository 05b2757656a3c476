-- How much evidence each window of a time holds: journal entries by their moment and rows of 'changed' captures.
-- One row a window that holds any; O(evidence counted), from indexes.
with
entries as (
    select
        date_bin('3 hours', j.occurred_at - interval '1 microsecond', '2019-10-01 UTC') as window_start,
        count(*) as entries
    from contact_journal as j
    where
        j.occurred_at > %(after)s
        and j.occurred_at <= %(until)s
    group by 1
),

rows_of_captures as (
    select
        date_bin('3 hours', s.captured_at - interval '1 microsecond', '2019-10-01 UTC') as window_start,
        sum((
            select count(*)
            from contact_snapshots as c
            where c.snapshot_id = s.snapshot_id
        )) as entries
    from snapshots as s
    where
        s.kind = 'changed'
        and s.captured_at > %(after)s
        and s.captured_at <= %(until)s
    group by 1
)

select
    e.window_start + interval '3 hours' as window_end,
    sum(e.entries)::bigint as weight
from (
    select * from entries
    union all
    select * from rows_of_captures
) as e
group by 1
