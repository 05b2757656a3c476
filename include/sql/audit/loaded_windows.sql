-- How many windows are loaded, and the end of the newest one. One row; O(ledger).
select
    count(distinct l.window_end) as windows,
    max(l.window_end) as until
from audit.ledger as l
where l.whole
