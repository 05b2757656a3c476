-- What the log covers, in the same snapshot as an export's events. One row, also before the first load.
-- gaps: the stretches of the span without a loaded window, [[start, end], ...]. O(windows loaded).
with loaded as (
    select distinct
        ledger.window_start,
        ledger.window_end
    from audit.ledger
),

stretch as (
    select
        lag(loaded.window_end) over (order by loaded.window_end) as gap_start,
        loaded.window_start as gap_end
    from loaded
)

select
    status.data_complete_from as complete_from,
    status.data_complete_up_to as complete_until,
    status.next_due,
    status.waiting_entries,
    status.waiting_since,
    (
        select coalesce(jsonb_agg(jsonb_build_array(stretch.gap_start, stretch.gap_end) order by stretch.gap_start), '[]')
        from stretch
        where
            stretch.gap_start < stretch.gap_end
            and stretch.gap_start < %(until)s
            and stretch.gap_end > %(since)s
    ) as gaps,
    coalesce((select max(load.position) from audit.loads as load), 0) as feed_position
from audit.sync_status as status
