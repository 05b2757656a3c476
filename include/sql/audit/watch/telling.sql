-- What to tell a destination of a watch, held until this transaction ends; what another run is telling is left to it. With what is known
-- of the first event behind each. O(alerts told), by index.
with held as (
    select alert.*
    from audit.alerts as alert
    where
        alert.watch = %(watch)s
        and (
            (
                alert.delivered_at is null
                and alert.retracted_at is null
                and not alert.delivered_to @> array[%(destination)s]
            )
            or (
                alert.retracted_at is not null
                and cardinality(alert.retraction_told_to) < cardinality(alert.delivered_to)
                and alert.delivered_to @> array[%(destination)s]
                and not alert.retraction_told_to @> array[%(destination)s]
            )
        )
    order by alert.alert_id
    for update skip locked
)

select
    held.alert_id,
    held.kind,
    held.rule,
    held.account_id,
    held.contact_id,
    held.first_at,
    held.last_at,
    held.events,
    held.contacts,
    held.amount,
    held.retracted_at,
    held.retracted_why,
    first_event.action,
    first_event.fields,
    case when held.author_type is null then null else coalesce(first_event.author_name, held.author_id, held.author_type) end as author,
    held.author_type,
    first_event.ip_address,
    first_event.channel
from held
left join lateral (
    select
        behind.event_id,
        behind.occurred_at
    from audit.alert_events as behind
    where behind.alert_id = held.alert_id
    order by
        behind.occurred_at,
        behind.event_id
    limit 1
) as one on true
left join lateral (
    select
        event.action,
        event.author_name,
        host(event.ip_address) as ip_address,
        event.channel,
        array(select jsonb_array_elements_text(event.fields)) as fields
    from audit.contact_audit_log as event
    where
        event.event_id = one.event_id
        and event.occurred_at = one.occurred_at
    union all
    (
        select
            event.action,
            event.author_name,
            host(event.ip_address) as ip_address,
            event.channel,
            array(select jsonb_array_elements_text(event.fields)) as fields
        from audit.superseded_events as event
        where event.event_id = one.event_id
        order by event.superseded_in desc
        limit 1
    )
    limit 1
) as first_event on true
order by held.alert_id
