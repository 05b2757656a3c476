-- The windows of (after, until] that are loaded, each as its newest load left it. O(loads of these windows).
select distinct on (l.window_end)
    l.window_end,
    l.captures,
    l.newest_recorded_at,
    l.whole,
    l.sequence,
    l.events,
    l.entries_without_event,
    l.rejected,
    l.rules_version
from audit.ledger as l
where
    l.window_end > %(after)s
    and l.window_end <= %(until)s
order by l.window_end asc, l.sequence desc
