-- The newest events' ids; by the id where events of several contacts share a moment.
select event_id::text
from audit.contact_events
order by occurred_at desc, event_id asc
limit %(rows)s
