-- Stretches without a loaded window, between the first and the last that is. Newest first. O(windows loaded).
with loaded as (
    select distinct
        ledger.window_start,
        ledger.window_end
    from audit.ledger
),

neighbour as (
    select
        lag(loaded.window_end) over (order by loaded.window_end) as gap_start,
        loaded.window_start as gap_end
    from loaded
)

select
    neighbour.gap_start,
    neighbour.gap_end
from neighbour
where neighbour.gap_start < neighbour.gap_end
order by neighbour.gap_end desc
