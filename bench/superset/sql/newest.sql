-- The newest events' ids. The view's own order leaves events of several contacts at one moment as they come; the id does not.
select event_id::text
from audit.contact_activity
order by occurred_at desc, event_id asc
limit %(rows)s
