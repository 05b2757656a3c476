-- Moments over which a contact's steps need not join, oldest first, as the end of a window: nothing was loaded there (between
-- windows that were), or a capture there was a new baseline. O(ledger).
select loaded.window_end - interval '3 hours' as at
from (
    select
        ledger.window_end,
        lag(ledger.window_end) over (order by ledger.window_end) as window_before
    from audit.ledger
    where ledger.window_end is not null
    group by ledger.window_end
) as loaded
where loaded.window_end - loaded.window_before > interval '3 hours'
union
select date_bin('3 hours', s.captured_at - interval '1 microsecond', '2019-10-01 UTC') + interval '3 hours' as at
from captures.snapshots as s
where s.baseline
order by at
