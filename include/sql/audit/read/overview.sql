-- The events of some days (UTC), counted three ways: by day (and whether the author is known), by channel, by attribution.
-- counted says which; of channels the ten with most events. O(days), of what is counted ahead.
with counted as (
    select
        case
            when grouping(activity.channel) = 0 then 'channel'
            when grouping(activity.attribution) = 0 then 'attribution'
            else 'day'
        end as counted,
        activity.day,
        activity.channel,
        activity.attribution,
        sum(activity.events)::bigint as events,
        coalesce(sum(activity.events) filter (where activity.attribution = 'unattributed'), 0)::bigint as unattributed
    from audit.daily_activity as activity
    where
        activity.day >= %(since)s::date
        and activity.day < %(until)s::date
    group by grouping sets ((activity.day), (activity.channel), (activity.attribution))
),

ranked as (
    select
        counted.*,
        row_number() over (
            partition by counted.counted
            order by counted.events desc, counted.channel asc
        ) as place
    from counted
    where
        counted.counted <> 'channel'
        or counted.channel is not null
)

select
    ranked.counted,
    ranked.day,
    ranked.channel,
    ranked.attribution,
    ranked.events,
    ranked.unattributed
from ranked
where
    ranked.counted <> 'channel'
    or ranked.place <= 10
order by ranked.counted asc, ranked.day asc, ranked.place asc
