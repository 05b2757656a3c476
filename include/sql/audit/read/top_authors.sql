-- The ten authors with most events in a span, each by his id; without one, by his name. O(events of the span), by index.
select
    event.author_type,
    event.author_id,
    max(event.author_name) as author_name,
    count(*) as events
from audit.contact_audit_log as event
where
    event.occurred_at >= %(since)s::timestamptz
    and event.occurred_at < %(until)s::timestamptz
    and coalesce(event.author_id, event.author_name) is not null
group by
    event.author_type,
    event.author_id,
    case when event.author_id is null then event.author_name end
order by
    count(*) desc,
    max(event.author_name) asc,
    event.author_id asc
limit 10
