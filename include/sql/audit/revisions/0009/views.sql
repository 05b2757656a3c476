-- What readers see of merges and impersonation: the views with both columns, who is part of whom, and comments.
-- Run by an Alembic revision after digests.sql. No percent sign in this file: drivers would take it for a parameter.

-- As in 0001/views.sql, with merged_into and on_behalf_of, and a merge told as one.
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
        when 'delete'
            then coalesce('Contact merged into ' || event.merged_into, 'Contact deleted') || coalesce(' (was: ' || spoken.listed || ')', '')
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
    event.loaded_at,
    event.merged_into,
    event.on_behalf_of
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
    event.loaded_at,
    event.merged_into,
    event.on_behalf_of
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
    event.loaded_at,
    event.merged_into,
    event.on_behalf_of
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

-- As in 0002/feed.sql, with merged_into and on_behalf_of.
-- One row per addition (the event as it was added) and per retraction (the event as it stood). Of one position, retractions
-- come before additions: order by position, kind desc. O(rows after the position asked for), by index.
create or replace view audit.event_feed as
select
    load.position,
    'addition' as kind,
    null as reason,
    event.event_id,
    event.account_id,
    event.contact_id,
    event.action,
    event.author_type,
    event.author_id,
    event.author_name,
    event.ip_address,
    event.channel,
    event.occurred_at,
    event.occurred_after,
    event.sequence,
    event.changes,
    event.attribution,
    event.journal_entry_id,
    event.candidates,
    event.previous_snapshot_id,
    event.snapshot_id,
    event.window_start,
    event.window_end,
    event.rules_version,
    event.run_id,
    event.loaded_at,
    event.fields,
    event.merged_into,
    event.on_behalf_of
from audit.loads as load
inner join audit.contact_audit_log as event
    on load.window_end = event.window_end and load.loaded_at = event.loaded_at
union all
-- what was taken out again, when it was added
select
    load.position,
    'addition' as kind,
    null as reason,
    event.event_id,
    event.account_id,
    event.contact_id,
    event.action,
    event.author_type,
    event.author_id,
    event.author_name,
    event.ip_address,
    event.channel,
    event.occurred_at,
    event.occurred_after,
    event.sequence,
    event.changes,
    event.attribution,
    event.journal_entry_id,
    event.candidates,
    event.previous_snapshot_id,
    event.snapshot_id,
    event.window_start,
    event.window_end,
    event.rules_version,
    event.run_id,
    event.loaded_at,
    event.fields,
    event.merged_into,
    event.on_behalf_of
from audit.loads as load
inner join audit.superseded_events as event
    on load.window_end = event.window_end and load.loaded_at = event.loaded_at
-- neither one from before the feed, nor one that nobody else has ever seen
where event.superseded_in <> event.loaded_at
union all
select
    load.position,
    'retraction' as kind,
    event.reason,
    event.event_id,
    event.account_id,
    event.contact_id,
    event.action,
    event.author_type,
    event.author_id,
    event.author_name,
    event.ip_address,
    event.channel,
    event.occurred_at,
    event.occurred_after,
    event.sequence,
    event.changes,
    event.attribution,
    event.journal_entry_id,
    event.candidates,
    event.previous_snapshot_id,
    event.snapshot_id,
    event.window_start,
    event.window_end,
    event.rules_version,
    event.run_id,
    event.loaded_at,
    event.fields,
    event.merged_into,
    event.on_behalf_of
from audit.loads as load
inner join audit.superseded_events as event
    on load.window_end = event.window_end and load.loaded_at = event.superseded_in
where event.superseded_in <> event.loaded_at;

-- One row per contact that is part of another one now: its last birth or death is a merge. Who was split off again is restored, and is
-- none. O(merges), or O(those into one contact) where merged_into is given, by index.
create view audit.merged_contacts as
select
    event.contact_id,
    event.account_id,
    event.merged_into,
    event.occurred_after,
    event.occurred_at,
    event.event_id
from audit.contact_audit_log as event
where
    event.merged_into is not null
    and not exists (
        select 1
        from audit.contact_audit_log as later
        where
            later.contact_id = event.contact_id
            and later.action <> 'update'
            and (later.window_end, later.sequence) > (event.window_end, event.sequence)
    );

-- Whom a contact consists of: itself (merged_into null), and whoever was merged into it, directly or on the way; each once, also where
-- merges go round in a circle. With the rights of the caller, who needs select on merged_contacts. O(such contacts).
create function audit.contact_identities(of_contact text)
returns table (contact_id text, merged_into text, merged_at timestamptz, event_id uuid)
language sql stable
rows 1
as $$
    with recursive identity (contact_id, merged_into, merged_at, event_id) as (
        select
            of_contact,
            null::text,
            null::timestamptz,
            null::uuid
        union
        select
            merged.contact_id,
            merged.merged_into,
            merged.occurred_at,
            merged.event_id
        from identity
        inner join audit.merged_contacts as merged on identity.contact_id = merged.merged_into
    )

    select
        identity.contact_id,
        identity.merged_into,
        identity.merged_at,
        identity.event_id
    from identity
    where
        identity.merged_into is null
        or identity.contact_id <> of_contact
$$;

do $$
begin
    if exists (select 1 from pg_roles where rolname = 'contact_audit_reader') then
        grant select on audit.merged_contacts to contact_audit_reader;
    end if;
end;
$$;

do $$
declare
    meaning record;
begin
    for meaning in
        select
            relation.oid::regclass as relation,
            said.name,
            said.words
        from pg_class as relation
        cross join (
            values
            ('merged_into', 'The survivor''s id, of a delete that was a merge; else null.'),
            ('on_behalf_of', 'In whose name the author acted, name and id as far as the source tells; else null.')
        ) as said (name, words)
        where
            relation.relnamespace = 'audit'::regnamespace
            and relation.relname in (
                'contact_audit_log', 'superseded_events', 'entries_without_event', 'contact_events', 'contact_activity',
                'contact_field_changes', 'event_feed'
            )
    loop
        execute 'comment on column ' || meaning.relation::text || '.' || meaning.name || ' is ' || quote_literal(meaning.words);
    end loop;
end;
$$;

comment on view audit.merged_contacts is
'A contact that is part of another one now: its last birth or death is a merge.';
comment on column audit.merged_contacts.contact_id is 'Who was merged.';
comment on column audit.merged_contacts.account_id is 'The account it was in.';
comment on column audit.merged_contacts.merged_into is 'The survivor, who may be part of another one in turn.';
comment on column audit.merged_contacts.occurred_after is 'When, at the earliest; equals occurred_at when the moment is known.';
comment on column audit.merged_contacts.occurred_at is 'When, at the latest.';
comment on column audit.merged_contacts.event_id is 'The event that tells it.';
comment on column captures.contact_journal.merged_into is 'The survivor of a merge, where the entry tells.';
