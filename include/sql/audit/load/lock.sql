-- One writer a month of windows: waits for whoever loads the same month, at most so many milliseconds (0: for as long as it takes), and
-- holds it until this transaction ends. Only who may write can lock these rows.
set local lock_timeout = %(milliseconds)s;

select l.number
from audit.locks as l
where
    l.purpose = 'month'
    and l.number in (select mod(m.month / 100 * 12 + mod(m.month, 100), 128) from unnest(%(months)s::integer []) as m (month))
order by l.number
for update;

set local lock_timeout to default
