-- Every step of the contacts that a choice of events touches, in their order: one row for each changed field of each event,
-- and one without a field for existence; whether its event is chosen. A schema change's values are steps that nobody chooses.
-- A filter that is null lets all pass; of a list, any. An author is kind:id, an id or a name.
-- O(events of the time asked for + all events of the contacts chosen).
with chosen as materialized (
    select
        event.event_id,
        event.contact_id
    from audit.contact_audit_log as event
    where
        (%(since)s::timestamptz is null or event.occurred_at >= %(since)s::timestamptz)
        and (%(until)s::timestamptz is null or event.occurred_at < %(until)s::timestamptz)
        and (%(events)s::uuid [] is null or event.event_id = any(%(events)s::uuid []))
        and (%(contacts)s::text [] is null or event.contact_id = any(%(contacts)s::text []))
        and (%(actions)s::text [] is null or event.action = any(%(actions)s::text []))
        and (%(kinds)s::text [] is null or event.author_type = any(%(kinds)s::text []))
        and (%(channels)s::text [] is null or event.channel = any(%(channels)s::text []))
        and (%(attributions)s::text [] is null or event.attribution = any(%(attributions)s::text []))
        and (%(fields)s::jsonb [] is null or event.fields @> any(%(fields)s::jsonb []))
        and (
            %(authors)s::text [] is null
            or event.author_id = any(%(authors)s::text [])
            or event.author_name = any(%(authors)s::text [])
            or event.author_type || ':' || coalesce(event.author_id, event.author_name, '') = any(%(authors)s::text [])
        )
        and (%(author_name)s::text is null or event.author_name ilike %(author_name)s)
        and (
            %(value)s::text is null
            or exists (
                select 1
                from jsonb_to_recordset(event.changes) as change (old jsonb, new jsonb)
                where
                    change.old::text ilike %(value)s
                    or change.new::text ilike %(value)s
            )
        )
    -- in no order: one more than is allowed is refused, whichever it is
    limit %(most)s -- noqa: AM09
),

touched as (
    select distinct chosen.contact_id
    from chosen
),

event as (
    select
        logged.*,
        chosen.event_id is not null as is_chosen
    from touched
    inner join audit.contact_audit_log as logged on touched.contact_id = logged.contact_id
    left join chosen on logged.event_id = chosen.event_id
)

select
    event.contact_id,
    event.account_id,
    event.event_id::text as event_id,
    event.window_end,
    event.sequence::float as place,
    event.action,
    step.field,
    coalesce(step.old, 'null')::text as old,
    coalesce(step.new, 'null')::text as new,
    event.is_chosen as chosen,
    event.attribution,
    event.channel,
    event.snapshot_id,
    event.occurred_at,
    coalesce(event.author_name, event.author_id, event.author_type) as author
from event
cross join lateral (
    select
        change.field,
        change.old,
        change.new
    from jsonb_to_recordset(event.changes) as change (field text, old jsonb, new jsonb)
    union all
    select
        '' as field,
        to_jsonb(event.action = 'delete') as old,
        to_jsonb(event.action <> 'delete') as new
    where event.action <> 'update'
) as step
union all
-- as audit.contact_history places them: what appeared, before the events between the two captures; what disappeared, after
select
    held.contact_id,
    change.account_id,
    null as event_id,
    change.window_end,
    case when held.old = 'null' then coalesce(between_them.first_place - 0.75, earlier.place + 0.25, 0.25)
        else coalesce(between_them.last_place + 0.75, earlier.place + 0.75, 0.75)
    end as place,
    'schema_change' as action,
    held.field,
    held.old::text as old,
    held.new::text as new,
    false as chosen,
    null as attribution,
    null as channel,
    change.snapshot_id,
    change.occurred_at,
    'schema change' as author
from touched
inner join audit.schema_change_values as held on touched.contact_id = held.contact_id
inner join audit.schema_changes as change on held.schema_change_id = change.schema_change_id
cross join lateral (
    select
        min(event.sequence)::float as first_place,
        max(event.sequence)::float as last_place
    from audit.contact_audit_log as event
    where
        event.contact_id = held.contact_id
        and event.window_end = change.window_end
        and event.snapshot_id = change.snapshot_id
) as between_them
cross join lateral (
    select max(event.sequence)::float as place
    from audit.contact_audit_log as event
    where
        event.contact_id = held.contact_id
        and event.window_end = change.window_end
        and event.occurred_at <= change.occurred_after
) as earlier
