-- Rules version 2 for readers: the account is a field, a state knows the account of its moment, and sync_status tells which windows an
-- older version loaded. Percent signs stand for themselves: a revision's files are executed without parameters.

-- As in 0001/views.sql, with the account.
create or replace function audit.plain_label(field text) returns text
language sql immutable parallel safe
as $$
    select
        case field
            when 'name' then 'Name'
            when 'email' then 'Email'
            when 'primary_phone' then 'Primary phone'
            when 'account_id' then 'Account'
            else regexp_replace(field, '^custom_fields\.', '')
        end
$$;

-- The version of the rules that this release loads windows by.
create function audit.rules_version() returns integer
language sql immutable parallel safe
as $$
    select 2
$$;

create index ledger_rules on audit.ledger (rules_version, window_end);

-- One row per window that was last loaded by an older version of the rules. O(such windows), by index.
create view audit.windows_of_older_rules as
select
    older.window_start,
    older.window_end,
    max(older.rules_version) as rules_version
from audit.ledger as older
where
    older.kind = 'load'
    and older.rules_version < audit.rules_version()
    and not exists (
        select 1
        from audit.ledger as newer
        where
            newer.kind = 'load'
            and newer.window_end = older.window_end
            and newer.rules_version >= audit.rules_version()
    )
group by
    older.window_start,
    older.window_end;

comment on view audit.windows_of_older_rules is
'One row per window last loaded by an older version of the rules. Its rows are true by that version; a backfill with force renews it.';
comment on column audit.windows_of_older_rules.window_start is
'The window is (window_start, window_end].';
comment on column audit.windows_of_older_rules.window_end is
'The window is (window_start, window_end].';
comment on column audit.windows_of_older_rules.rules_version is
'The version that loaded it last.';

-- As in 0002/reading.sql, with the account of the moment.
create or replace view audit.contact_history as
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
        ) as valid_to,
        lead(undone.account_id) over (
            partition by undone.contact_id
            order by undone.window_end asc, undone.place asc
        ) as next_account_id
    from undone
)

select
    span.contact_id,
    -- an event stands under the account that its contact had until then; who is absent, under that which he had last
    case
        when (state.held ->> '')::boolean then coalesce(span.next_account_id, contact.account_id, span.account_id)
        else coalesce(span.account_id, span.next_account_id, contact.account_id)
    end as account_id,
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

comment on column audit.contact_history.account_id is
'The account that it was in. Windows that version 1 of the rules loaded know no moves: there, the account of the next event.';

-- As in 0001/views.sql, with what older rules loaded.
create or replace view audit.sync_status as
select
    -- the log covers (data_complete_from, data_complete_up_to]
    first_load.window_start as data_complete_from,
    state.complete_until as data_complete_up_to,
    state.last_run_id,
    state.last_run_at,
    -- the next window's end, when its run starts; in the past: it is late
    state.complete_until + interval '3 hours' as next_due,
    -- the last window: the newest that is loaded whole
    state.complete_until as last_window_end,
    (
        select count(*)
        from audit.contact_audit_log as event
        where event.window_end = state.complete_until
    ) as events_in_last_window,
    -- rows that could not be used
    (
        select count(*)
        from audit.rejected_rows as rejected
        where
            rejected.window_end = state.complete_until
            and not rejected.used
    ) as rejects_in_last_window,
    -- rows that count without one of their values
    (
        select count(*)
        from audit.rejected_rows as rejected
        where
            rejected.window_end = state.complete_until
            and rejected.used
    ) as partly_used_in_last_window,
    (
        select count(*)
        from audit.superseded_events as superseded
        where superseded.window_end = state.complete_until
    ) as superseded_in_last_window,
    state.waiting_entries,
    state.waiting_since,
    -- windows that an older version of the rules loaded, and what renews them; reading them reads the ledger's index only
    (
        select count(distinct older.window_end)
        from audit.windows_of_older_rules as older
    ) as windows_of_older_rules,
    (
        select
            'contact_audit_backfill with {"from": "'
            || to_char(min(older.window_start) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            || '", "to": "'
            || to_char(max(older.window_end) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            || '", "force": true}'
        from audit.windows_of_older_rules as older
        having count(*) > 0
    ) as renew_older_rules
from audit.state
left join lateral (
    select ledger.window_start
    from audit.ledger
    order by ledger.window_end
    limit 1
) as first_load on true;

comment on column audit.sync_status.windows_of_older_rules is
'How many windows were last loaded by an older version of the rules (audit.windows_of_older_rules). They stay true by that version.';
comment on column audit.sync_status.renew_older_rules is
'What renews them all: the DAG and its parameters. Null where there are none.';

do $$
begin
    if exists (select 1 from pg_roles where rolname = 'contact_audit_reader') then
        grant select on audit.windows_of_older_rules to contact_audit_reader;
    end if;
end;
$$;
