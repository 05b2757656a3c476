-- Which of the entries, by ids of our own, are still there. O(the journal).
select e.entry_id
from entries as e
where e.entry_id = any(%(entries)s::bigint[])
