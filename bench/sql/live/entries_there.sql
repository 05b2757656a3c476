-- Which entries are there.
select l.id as entry_id
from log as l
where l.id = any(%(entries)s::bigint [])
