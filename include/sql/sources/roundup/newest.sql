-- The greatest id of our own, and how many entries there are. O(the journal).
select
    max(e.entry_id) as entry_id,
    count(*) as entries
from entries as e
