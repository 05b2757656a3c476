-- What became visible at one position of the feed, additions and retractions, with the texts of its changes.
-- O(rows of that position), by index.
select
    event.event_id::text as event_id,
    event.account_id,
    event.contact_id,
    event.action,
    event.author_type,
    event.author_id,
    event.author_name,
    host(event.ip_address) as ip_address,
    event.channel,
    event.attribution,
    event.occurred_at,
    event.occurred_after,
    event.window_end,
    change.fields,
    change.olds,
    change.news,
    event.kind,
    event.reason
from audit.event_feed as event
cross join lateral (
    select
        array_agg(one ->> 'field') as fields,
        array_agg(one ->> 'old') as olds,
        array_agg(one ->> 'new') as news
    from jsonb_array_elements(event.changes) as one
) as change
where event.position = %(position)s
