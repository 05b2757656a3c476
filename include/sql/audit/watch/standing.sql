-- The events that stand of these: by id and moment, of these spans of time, of these windows. O(rows returned), by index.
with wanted as (
    select
        event.event_id,
        event.occurred_at
    from unnest(%(ids)s::uuid [], %(moments)s::timestamptz []) as one (event_id, occurred_at)
    inner join audit.contact_audit_log as event on one.event_id = event.event_id and one.occurred_at = event.occurred_at
    union
    select
        event.event_id,
        event.occurred_at
    from unnest(%(starts)s::timestamptz [], %(ends)s::timestamptz []) as span (since, until)
    inner join audit.contact_audit_log as event on span.since <= event.occurred_at and span.until > event.occurred_at
    union
    select
        event.event_id,
        event.occurred_at
    from audit.contact_audit_log as event
    where event.window_end = any(%(windows)s::timestamptz [])
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
from wanted
inner join audit.contact_audit_log as event on wanted.event_id = event.event_id and wanted.occurred_at = event.occurred_at
cross join lateral (
    select
        array_agg(one ->> 'field') as fields,
        array_agg(one ->> 'old') as olds,
        array_agg(one ->> 'new') as news
    from jsonb_array_elements(event.changes) as one
) as change
