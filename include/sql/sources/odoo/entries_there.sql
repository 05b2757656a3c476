-- Which of the messages are still there. O(those asked for).
select m.id::bigint as entry_id
from mail_message as m
where m.id = any(%(entries)s::bigint [])
