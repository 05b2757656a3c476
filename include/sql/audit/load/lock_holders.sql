-- Who holds the months that a load waits for: process, what it calls itself, and since when its transaction runs. O(months).
select distinct
    held.pid,
    activity.application_name,
    activity.xact_start
from audit.locks as l
inner join pg_locks as held on l.xmax = held.transactionid
left join pg_stat_activity as activity on held.pid = activity.pid
where
    l.purpose = 'month'
    and l.number in (select mod(m.month / 100 * 12 + mod(m.month, 100), 128) from unnest(%(months)s::integer []) as m (month))
    and held.granted
    and held.pid <> pg_backend_pid()
order by held.pid
