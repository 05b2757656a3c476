-- The events of a span, counted four ways: by day (and whether the author is known), by author, by channel, by attribution.
-- counted says which; of authors and channels the ten with most events. O(events of the span).
with counted as (
    select
        case
            when grouping(event.author_type) = 0 then 'author'
            when grouping(event.channel) = 0 then 'channel'
            when grouping(event.attribution) = 0 then 'attribution'
            else 'day'
        end as counted,
        (event.occurred_at at time zone 'UTC')::date as day,
        event.author_type,
        event.author_id,
        event.author_name,
        event.channel,
        event.attribution,
        count(*) as events,
        count(*) filter (where event.attribution = 'unattributed') as unattributed
    from audit.contact_audit_log as event
    where
        event.occurred_at >= %(since)s::timestamptz
        and event.occurred_at < %(until)s::timestamptz
    group by grouping sets (
        ((event.occurred_at at time zone 'UTC')::date),
        (event.author_type, event.author_id, event.author_name),
        (event.channel),
        (event.attribution)
    )
),

ranked as (
    select
        counted.*,
        row_number() over (
            partition by counted.counted
            order by counted.events desc, counted.author_name asc, counted.channel asc
        ) as place
    from counted
    where
        counted.counted <> 'author'
        or coalesce(counted.author_id, counted.author_name) is not null
)

select
    ranked.counted,
    ranked.day,
    ranked.author_type,
    ranked.author_id,
    ranked.author_name,
    ranked.channel,
    ranked.attribution,
    ranked.events,
    ranked.unattributed
from ranked
where
    ranked.counted not in ('author', 'channel')
    or ranked.place <= 10
order by ranked.counted asc, ranked.day asc, ranked.place asc
