-- The ids of the events behind an alert. O(rows returned), by index.
select behind.event_id::text as event_id
from audit.alert_events as behind
where behind.alert_id = %(alert_id)s
order by behind.event_id
limit %(most)s
