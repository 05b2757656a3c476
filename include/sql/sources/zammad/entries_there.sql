-- Which of the entries are still there; negative ones are deletions asked for. O(those asked for).
select h.id::bigint as entry_id
from histories as h
where h.id = any(%(entries)s::bigint[])
union all
select -d.id::bigint
from data_privacy_tasks as d
where -d.id::bigint = any(%(entries)s::bigint[])
