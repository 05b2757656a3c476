-- Of each author and address, the earliest event that stands; none where the author was seen from there before the watching began:
-- by events up to that position, those replaced since included. O(events of these authors), by index.
with pair as (
    select distinct
        one.author_type,
        one.author_id,
        one.author_name,
        one.ip_address
    from unnest(%(types)s::text [], %(ids)s::text [], %(names)s::text [], %(addresses)s::inet [])
        as one (author_type, author_id, author_name, ip_address)
)

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
    change.news
from pair
cross join lateral (
    select seen.*
    from audit.contact_audit_log as seen
    where
        seen.author_type = pair.author_type
        and seen.author_id is not distinct from pair.author_id
        and (pair.author_id is not null or seen.author_name = pair.author_name)
        and seen.ip_address = pair.ip_address
    order by
        seen.occurred_at,
        seen.event_id
    limit 1
) as event
cross join lateral (
    select
        array_agg(one ->> 'field') as fields,
        array_agg(one ->> 'old') as olds,
        array_agg(one ->> 'new') as news
    from jsonb_array_elements(event.changes) as one
) as change
where
    not exists (
        select 1
        from audit.contact_audit_log as seen
        inner join audit.loads as load on seen.window_end = load.window_end and seen.loaded_at = load.loaded_at
        where
            seen.author_type = pair.author_type
            and seen.author_id is not distinct from pair.author_id
            and (pair.author_id is not null or seen.author_name = pair.author_name)
            and seen.ip_address = pair.ip_address
            and load.position <= %(since_position)s
    )
    and not exists (
        select 1
        from audit.superseded_events as seen
        inner join audit.loads as load on seen.window_end = load.window_end and seen.loaded_at = load.loaded_at
        inner join audit.loads as taken on seen.window_end = taken.window_end and seen.superseded_in = taken.loaded_at
        where
            seen.author_type = pair.author_type
            and seen.author_id is not distinct from pair.author_id
            and (pair.author_id is not null or seen.author_name = pair.author_name)
            and seen.ip_address = pair.ip_address
            and load.position <= %(since_position)s
            and taken.position > %(since_position)s
    )
