-- How far the journal reaches.
select
    max(l.id) as entry_id,
    count(*) as entries
from log as l
