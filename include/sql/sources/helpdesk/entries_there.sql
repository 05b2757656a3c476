-- Which of the given journal entries are still there. O(entries given) index look-ups.
select j.entry_id
from contact_journal as j
where j.entry_id = any(%(entries)s::bigint [])
