-- The least that a load after the last look for late entries could see; null where one saw an empty journal.
-- One row: how many loads there were, how many of them saw nothing, or have noted a moment later than the source's clock (versions
-- that took a journal's word for it), and the least. O(loads since).
select
    count(*) as loads,
    count(*) filter (where l.newest_recorded_at is null or l.newest_recorded_at > %(clock)s) as blind,
    min(l.newest_recorded_at) as newest_recorded_at
from audit.ledger as l
where
    l.sequence > %(after)s
    and l.window_end is not null
