-- More that reporting tools read: contact_history and contact_as_of (how a contact was), and author_activity.
-- Run by an Alembic revision after schema.sql, schema_changes.sql and views.sql. No percent sign in this file: drivers
-- would take it for a parameter.

-- Objects laid upon one another, the last on top: of the old values of a contact's events from the newest back to one of
-- them, those that held before it.
create aggregate audit.laid_over (jsonb) ( -- noqa: LT01
    sfunc = jsonb_concat,
    stype = jsonb,
    initcond = '{}',
    parallel = safe
);

-- What undoing an event brings back: {"email": "a@x", ...}, and as "" whether the contact was there.
create function audit.undone(action text, changes jsonb) returns jsonb
language sql immutable parallel safe
as $$
    select
        case
            when action = 'delete' then '{"": true}'
            when action in ('create', 'restore') then '{"": false}'
            else '{}'
        end::jsonb
        || coalesce(jsonb_object_agg(change.field, coalesce(change.old, 'null')), '{}')
    from jsonb_to_recordset(changes) as change (field text, old jsonb)
$$;

-- One row per contact and span of time, [valid_from, valid_to), with the contact's state in it, made by undoing from
-- audit.contacts backwards. A state holds from the moment of the event that brought it on; of an event whose moment is not
-- known, from its end (occurred_at), and perhaps since occurred_after.
-- The first span begins with the window of the first capture: before it nothing is known. The last one has no valid_to.
-- O(events of the contacts asked for), by index where contact_id is given.
create view audit.contact_history as
with step as (
    -- before the first event
    select
        known.contact_id,
        null as account_id,
        '-infinity'::timestamptz as window_end,
        0.0 as place,
        '-infinity'::timestamptz as occurred_at,
        null::timestamptz as occurred_after,
        null::uuid as event_id,
        '{}'::jsonb as undone
    from (
        select contact.contact_id
        from audit.contacts as contact
        union
        select event.contact_id
        from audit.contact_audit_log as event
    ) as known
    union all
    select
        event.contact_id,
        event.account_id,
        event.window_end,
        event.sequence::numeric as place,
        event.occurred_at,
        event.occurred_after,
        event.event_id,
        audit.undone(event.action, event.changes) as undone
    from audit.contact_audit_log as event
    union all
    -- fields that changed for all contacts at once: what appeared, before the events between the two captures; what
    -- disappeared, after them
    select
        held.contact_id,
        held.account_id,
        held.window_end,
        case when held.appeared then coalesce(between_them.first_place - 0.75, earlier.place + 0.25, 0.25)
            else coalesce(between_them.last_place + 0.75, earlier.place + 0.75, 0.75)
        end as place,
        case when held.appeared then coalesce(between_them.first_at, held.occurred_at) else held.occurred_at end as occurred_at,
        held.occurred_after,
        null as event_id,
        held.undone
    from (
        select
            held_value.contact_id,
            change.account_id,
            change.snapshot_id,
            change.window_end,
            change.occurred_at,
            change.occurred_after,
            held_value.old = 'null' as appeared,
            jsonb_object_agg(held_value.field, held_value.old) as undone
        from audit.schema_change_values as held_value
        inner join audit.schema_changes as change on held_value.schema_change_id = change.schema_change_id
        group by
            held_value.contact_id,
            change.account_id,
            change.snapshot_id,
            change.window_end,
            change.occurred_at,
            change.occurred_after,
            held_value.old = 'null'
    ) as held
    cross join lateral (
        select
            min(event.sequence) as first_place,
            max(event.sequence) as last_place,
            min(event.occurred_at) as first_at
        from audit.contact_audit_log as event
        where
            event.contact_id = held.contact_id
            and event.window_end = held.window_end
            and event.snapshot_id = held.snapshot_id
    ) as between_them
    cross join lateral (
        select max(event.sequence) as place
        from audit.contact_audit_log as event
        where
            event.contact_id = held.contact_id
            and event.window_end = held.window_end
            and event.occurred_at <= held.occurred_after
    ) as earlier
),

undone as (
    select
        step.contact_id,
        step.account_id,
        step.event_id,
        step.occurred_after,
        step.window_end,
        step.place,
        audit.laid_over(step.undone) over (
            partition by step.contact_id
            order by step.window_end desc, step.place desc
            rows between unbounded preceding and 1 preceding
        ) as by_later_events,
        -- clocks differ: what comes later in order does not hold earlier
        max(step.occurred_at) over (
            partition by step.contact_id
            order by step.window_end asc, step.place asc
            rows unbounded preceding
        ) as since
    from step
),

span as (
    select
        undone.*,
        lead(undone.since) over (
            partition by undone.contact_id
            order by undone.window_end asc, undone.place asc
        ) as valid_to
    from undone
)

select
    span.contact_id,
    coalesce(contact.account_id, span.account_id) as account_id,
    begun.valid_from,
    span.valid_to,
    coalesce(span.occurred_after, begun.valid_from) as occurred_after,
    span.event_id,
    (state.held ->> '')::boolean as present,
    state.held ->> 'name' as name,
    state.held ->> 'email' as email,
    state.held ->> 'primary_phone' as primary_phone,
    custom.fields as custom_fields
from span
left join audit.contacts as contact on span.contact_id = contact.contact_id
cross join lateral (
    select
        case
            when contact.deleted is false then jsonb_build_object(
                '', true, 'name', contact.name, 'email', contact.email, 'primary_phone', contact.primary_phone
            ) || (
                select coalesce(jsonb_object_agg('custom_fields.' || field.key, field.value), '{}')
                from jsonb_each(contact.custom_fields) as field
            )
            else '{"": false}'
        end || coalesce(span.by_later_events, '{}') as held
) as state
cross join lateral (
    select
        case
            when span.since > '-infinity' then span.since
            else (
                select ledger.window_start
                from audit.ledger
                where ledger.captures <> '{}'
                order by ledger.window_end
                limit 1
            )
        end as valid_from
) as begun
cross join lateral (
    select coalesce(jsonb_object_agg(substr(field.key, 15), field.value), '{}') as fields
    from jsonb_each(state.held) as field
    where
        starts_with(field.key, 'custom_fields.')
        and field.value <> 'null'
) as custom
where span.valid_to is null or begun.valid_from < span.valid_to;

-- How a contact was at a moment: its row of contact_history, or none where nothing is known of it then. With the rights of
-- the caller, who needs select on contact_history. O(the contact's events).
create function audit.contact_as_of(contact_id text, at timestamptz) returns setof audit.contact_history
language sql stable
as $$
    select history.*
    from audit.contact_history as history
    where
        history.contact_id = contact_as_of.contact_id
        and history.valid_from <= contact_as_of.at
        and (history.valid_to is null or contact_as_of.at < history.valid_to)
$$;

-- One row per day (UTC), account and author, with what the author did. An author without an id is told apart by name.
-- O(events of the days asked for), by index.
create view audit.author_activity as
select
    calendar.day,
    counted.account_id,
    counted.author_type,
    counted.author_id,
    counted.author_name,
    counted.events,
    counted.creates,
    counted.updates,
    counted.deletes,
    counted.restores,
    counted.contacts,
    counted.channels,
    counted.first_at,
    counted.last_at
from (
    select days.day::date as day
    from generate_series(
        (select date_trunc('day', min(event.occurred_at) at time zone 'UTC') from audit.contact_audit_log as event),
        (select max(event.occurred_at) at time zone 'UTC' from audit.contact_audit_log as event),
        interval '1 day'
    ) as days (day)
) as calendar
cross join lateral (
    select
        event.account_id,
        event.author_type,
        event.author_id,
        max(event.author_name) as author_name,
        count(*) as events,
        count(*) filter (where event.action = 'create') as creates,
        count(*) filter (where event.action = 'update') as updates,
        count(*) filter (where event.action = 'delete') as deletes,
        count(*) filter (where event.action = 'restore') as restores,
        count(distinct event.contact_id) as contacts,
        array_agg(distinct event.channel) filter (where event.channel is not null) as channels,
        min(event.occurred_at) as first_at,
        max(event.occurred_at) as last_at
    from audit.contact_audit_log as event
    where
        event.occurred_at >= calendar.day::timestamp at time zone 'UTC'
        and event.occurred_at < (calendar.day + 1)::timestamp at time zone 'UTC'
    group by
        event.account_id,
        event.author_type,
        event.author_id,
        case when event.author_id is null then event.author_name end
) as counted;
