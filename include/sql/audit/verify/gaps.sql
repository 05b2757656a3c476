-- Stretches of windows that the ledger has no entry of, between the first and the last that it has: gap_start, gap_end, windows.
-- Oldest first. O(ledger).
with loaded as (
    select
        ledger.window_end,
        lag(ledger.window_end) over (order by ledger.window_end) as window_before
    from audit.ledger
    where ledger.window_end is not null
    group by ledger.window_end
)

select
    loaded.window_before as gap_start,
    loaded.window_end - interval '3 hours' as gap_end,
    (extract(epoch from loaded.window_end - loaded.window_before) / 10800)::integer - 1 as windows
from loaded
where loaded.window_end - loaded.window_before > interval '3 hours'
order by gap_start
