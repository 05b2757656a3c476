-- Which of the audits are still there. O(those asked for).
select a.id::bigint as entry_id
from audits as a
where a.id = any(%(entries)s::bigint[])
