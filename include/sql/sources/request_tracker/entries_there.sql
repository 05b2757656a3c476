-- Which of the transactions are still there. O(those asked for).
select t.id::bigint as entry_id
from transactions as t
where t.id = any(%(entries)s::bigint[]) and t.objecttype = 'RT::User'
