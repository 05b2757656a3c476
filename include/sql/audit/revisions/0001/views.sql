-- What reporting tools read: contact_events, contact_activity, contact_field_changes, sync_status; before them, how values become text.
-- Run by an Alembic revision after schema.sql; create or replace throughout, so that a revision can run it again.
-- The functions read no table, so that a reader of the views needs no right on any. The short ones are inlined into the
-- views' plans. No percent sign in this file: drivers would take it for a parameter.

-- A list's elements, joined: api, billing; nothing where one is null. Null for an empty list.
create or replace function audit.list_text(list jsonb) returns text
language sql immutable parallel safe
as $$
    select
        string_agg(
            case element.value
                when 'true' then 'yes'
                when 'false' then 'no'
                else coalesce(element.value #>> '{}', 'nothing')
            end,
            ', '
            order by element.place
        )
    from jsonb_array_elements(list) with ordinality as element (value, place)
$$;

-- A value as a report shows it: text as it is, yes or no, a list joined; null for none. '' stays ''.
create or replace function audit.value_text(value jsonb) returns text
language sql immutable parallel safe
as $$
    select
        case jsonb_typeof(value)
            when 'array' then audit.list_text(value)
            when 'boolean' then case when value = 'true' then 'yes' else 'no' end
            else value #>> '{}'
        end
$$;

-- A value within a sentence, nothing for none: text and lists in quotes, escaped as in JSON, so that no value can break
-- out of its line.
create or replace function audit.value_quoted(value jsonb) returns text
language sql immutable parallel safe
as $$
    select
        case jsonb_typeof(value)
            when 'string' then value::text
            when 'array' then to_jsonb(coalesce(audit.list_text(value), ''))::text
            when 'boolean' then case when value = 'true' then 'yes' else 'no' end
            else coalesce(value::text, 'nothing')
        end
$$;

-- What a list gained and lost: added "x", removed "y". Null where it only changed its order.
create or replace function audit.list_difference(old jsonb, new jsonb) returns text
language sql immutable parallel safe
as $$
    with gained as (
        select string_agg(audit.value_quoted(element.value), ', ' order by element.place) as elements
        from jsonb_array_elements(new) with ordinality as element (value, place)
        where element.value not in (select former.value from jsonb_array_elements(old) as former (value))
    ),

    lost as (
        select string_agg(audit.value_quoted(element.value), ', ' order by element.place) as elements
        from jsonb_array_elements(old) with ordinality as element (value, place)
        where element.value not in (select latter.value from jsonb_array_elements(new) as latter (value))
    )

    select nullif(concat_ws(', ', 'added ' || gained.elements, 'removed ' || lost.elements), '')
    from gained
    cross join lost
$$;

-- One change as a sentence, on one line whatever the label: Plan set to "pro". Of a create or restore, what there is now;
-- of a delete, what there was.
create or replace function audit.change_sentence(action text, label text, old jsonb, new jsonb) returns text
language sql immutable parallel safe
as $$
    select
        translate(label, e'\n\r', '  ') || case
            when action in ('create', 'restore') then ' ' || audit.value_quoted(new)
            when action = 'delete' then ' ' || audit.value_quoted(old)
            when new is null then ' cleared (was ' || audit.value_quoted(old) || ')'
            when old is null then ' set to ' || audit.value_quoted(new)
            when jsonb_typeof(old) = 'array' and jsonb_typeof(new) = 'array'
                then coalesce(': ' || audit.list_difference(old, new), ' put in another order')
            else ' changed from ' || audit.value_quoted(old) || ' to ' || audit.value_quoted(new)
        end
$$;

-- What a field is called where audit.field_labels has no word for it.
create or replace function audit.plain_label(field text) returns text
language sql immutable parallel safe
as $$
    select
        case field
            when 'name' then 'Name'
            when 'email' then 'Email'
            when 'primary_phone' then 'Primary phone'
            else regexp_replace(field, '^custom_fields\.', '')
        end
$$;

-- One row per event, in no order of its own: a question that brings one, and a limit, is answered by index.
--     activity  one sentence a line: Primary phone changed from "+49 30 1" to "+49 30 2"
--     labels    {"primary_phone": "Primary phone"}, as of the change
--     fields    ["primary_phone"]: where fields @> '["primary_phone"]' uses the index
-- O(rows returned) for one contact's newest, or all contacts' newest: order by occurred_at desc limit 50. The
-- sentences are most of the cost: a query that does not name activity or labels is spared it (hence the left joins, of
-- exactly one row each).
create or replace view audit.contact_events as
select
    event.event_id,
    event.account_id,
    event.contact_id,
    contact.name as contact_name,
    event.action,
    event.author_type,
    event.author_id,
    event.author_name,
    event.ip_address,
    event.channel,
    event.occurred_at,
    event.occurred_after,
    case event.action
        when 'create' then concat_ws(': ', 'Contact created', spoken.listed)
        when 'restore' then concat_ws(': ', 'Contact restored', spoken.listed)
        when 'delete' then 'Contact deleted' || coalesce(' (was: ' || spoken.listed || ')', '')
        else spoken.lined
    end as activity,
    coalesce(spoken.labels, '{}') as labels,
    event.fields,
    event.changes,
    event.attribution,
    event.journal_entry_id,
    event.candidates,
    event.previous_snapshot_id,
    event.snapshot_id,
    event.window_start,
    event.window_end,
    event.sequence,
    event.rules_version,
    event.run_id,
    event.loaded_at
from audit.contact_audit_log as event
left join audit.contacts as contact on event.contact_id = contact.contact_id
left join lateral (
    select
        string_agg(worded.sentence, ', ' order by worded.place, worded.field) as listed,
        string_agg(worded.sentence, e'\n' order by worded.place, worded.field) as lined,
        jsonb_object_agg(worded.field, worded.label) as labels
    from (
        select
            change.field,
            coalesce(known.label, audit.plain_label(change.field)) as label,
            audit.change_sentence(
                event.action, coalesce(known.label, audit.plain_label(change.field)), change.old, change.new
            ) as sentence,
            array_position(array['name', 'email', 'primary_phone'], change.field) as place
        from jsonb_to_recordset(event.changes) as change (field text, old jsonb, new jsonb)
        left join lateral (
            select namesake.label
            from audit.field_labels as namesake
            where
                namesake.account_id = event.account_id
                and namesake.field = change.field
            -- the latest of those of the time; where there is none, the earliest
            order by
                namesake.since <= event.occurred_at desc,
                case when namesake.since <= event.occurred_at then namesake.since end desc,
                namesake.since asc
            limit 1
        ) as known on true
    ) as worded
) as spoken on true;

-- The same, newest first; by the id where events of several contacts share the rest, so that pages are stable. An order of
-- one's own on top of it is answered only after all of it has been sorted: for that, contact_events.
create or replace view audit.contact_activity as
select
    event.event_id,
    event.account_id,
    event.contact_id,
    event.contact_name,
    event.action,
    event.author_type,
    event.author_id,
    event.author_name,
    event.ip_address,
    event.channel,
    event.occurred_at,
    event.occurred_after,
    event.activity,
    event.labels,
    event.fields,
    event.changes,
    event.attribution,
    event.journal_entry_id,
    event.candidates,
    event.previous_snapshot_id,
    event.snapshot_id,
    event.window_start,
    event.window_end,
    event.sequence,
    event.rules_version,
    event.run_id,
    event.loaded_at
from audit.contact_events as event
order by event.occurred_at desc, event.window_end desc, event.sequence desc, event.event_id desc;

-- One row per changed field, in no order of its own. old and new are the values themselves, old_value and new_value their text;
-- both null where there is none, which '' is not. Of one field: where field = 'email' and fields @> '["email"]', of
-- which the second uses the index.
create or replace view audit.contact_field_changes as
select
    event.event_id,
    event.account_id,
    event.contact_id,
    contact.name as contact_name,
    event.action,
    event.author_type,
    event.author_id,
    event.author_name,
    event.ip_address,
    event.channel,
    event.occurred_at,
    event.occurred_after,
    change.field,
    coalesce(known.label, audit.plain_label(change.field)) as label,
    known.field_type,
    audit.value_text(change.old) as old_value,
    audit.value_text(change.new) as new_value,
    change.old,
    change.new,
    event.fields,
    event.attribution,
    event.journal_entry_id,
    event.candidates,
    event.previous_snapshot_id,
    event.snapshot_id,
    event.window_start,
    event.window_end,
    event.sequence,
    event.rules_version,
    event.run_id,
    event.loaded_at
from audit.contact_audit_log as event
left join audit.contacts as contact on event.contact_id = contact.contact_id
cross join lateral jsonb_to_recordset(event.changes) as change (field text, old jsonb, new jsonb)
left join lateral (
    select
        namesake.label,
        namesake.field_type
    from audit.field_labels as namesake
    where
        namesake.account_id = event.account_id
        and namesake.field = change.field
    order by
        namesake.since <= event.occurred_at desc,
        case when namesake.since <= event.occurred_at then namesake.since end desc,
        namesake.since asc
    limit 1
) as known on true;

-- One row, also before the first load: what the log covers, and how the last window and the last run went.
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
    state.waiting_since
from audit.state
left join lateral (
    select ledger.window_start
    from audit.ledger
    order by ledger.window_end
    limit 1
) as first_load on true;
