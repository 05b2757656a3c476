-- How many entries happened after a moment, and since when. One row; O(entries counted).
select
    count(*) as entries,
    min(j.occurred_at) as since
from helpdesk.contact_journal as j
where j.occurred_at > %(after)s
