-- What every table, view and column of the schema audit means, kept as comments in the database itself: \d+ shows them, and
-- so do reporting tools. A column that means the same everywhere stands once, under no relation.
-- Run by an Alembic revision after all that it names, and may be run again. docs/data-dictionary.md has the same texts (a
-- test compares them). No percent sign in this file: drivers would take it for a parameter.

create temporary table meaning (relation text, name text, said text not null) on commit drop;

-- tables and views
insert into meaning (relation, said)
values
('contact_events', 'An event, with what happened as English sentences and with the fields'' labels of the day.'),
('contact_activity', 'The same as contact_events, newest first.'),
('contact_field_changes', 'A changed field of an event: its label, and its old and new value as text and as they are.'),
('contact_history', 'A contact''s state in a span of time, [valid_from, valid_to).'),
('daily_activity', 'A day (UTC), account, action, kind of author, channel and attribution: how many events.'),
('author_activity', 'A day (UTC), account and author: what the author did.'),
('event_feed', 'An event that was added to the log, or taken out of it, in the order in which that became visible.'),
('daily_counts', 'What daily_activity has counted ahead.'),
('uncounted_days', 'A day that loads have touched since the counting.'),
('sync_status', 'The whole, one row: how far data is complete, when the next sync is due, how the last window went.'),
('contact_audit_log', 'An event: one author, one moment, one contact.'),
('superseded_events', 'An event that later evidence took out of the log or changed, as it stood.'),
('entries_without_event', 'A journal entry that made no event, with the reason.'),
('rejected_rows', 'A row of the helpdesk that could not be used, or not wholly.'),
('schema_changes', 'A field that appeared, disappeared or was renamed for all contacts of an account at once: no event.'),
('schema_change_values', 'What a contact held before and after a schema change.'),
('contacts', 'A contact as of the newest loaded capture; one that is gone keeps its last values.'),
('field_labels', 'What a field was called, since when.'),
('ledger', 'A load of a window: what it holds, and what the load saw. Only ever appended to.'),
('loads', 'A window and a transaction that loaded it, with its position in event_feed.'),
('capture_decisions', 'What someone decided about a capture that the brake stopped at.'),
('source', 'Which adapter fills this database. At most one row.'),
('state', 'What runs remember for the next one. One row.'),
('schema_version', 'The revision of the schema.');

-- columns that mean the same wherever they stand
insert into meaning (name, said)
values
('event_id', 'The event''s id, made from its evidence: the same evidence gives the same id, on every run.'),
('account_id', 'The helpdesk''s tenant, as text.'),
('contact_id', 'The contact''s id in the helpdesk, as text.'),
('contact_name', 'The contact''s name as of the newest loaded capture.'),
('action', 'create, update, delete or restore.'),
('author_type', 'contact, agent, admin, integration, system or unknown.'),
('author_id', 'The author''s id in the helpdesk; null when unknown.'),
('author_name', 'The author''s name; null when unknown.'),
('ip_address', 'Where the author was; null when unknown.'),
('channel', 'By what way: bulk_import, azure_ad_sync, agent_panel, support_portal, email, api, ...; null when unknown.'),
('occurred_at', 'When it happened, as the journal says; without that, the end of the span in which it happened.'),
('occurred_after', 'The start of that span; equals occurred_at when the moment is known.'),
('sequence', 'The event''s place among its contact''s events of its window, from 1.'),
('changes', 'The changed fields with both values: [{"field", "old", "new"}], sorted by field.'),
('fields', 'The changed fields'' names, for filtering by index: where fields @> ''["email"]''.'),
('attribution', 'How the author is known: recorded, matched, inferred, ambiguous, unattributed or unconfirmed.'),
('journal_entry_id', 'The journal entry that is the evidence; null when unattributed or of several candidates.'),
('candidates', 'The entries of which one made the change, where there are several: [900, 901]; else null.'),
('previous_snapshot_id', 'The capture before the change; null before the first capture.'),
('snapshot_id', 'The capture after the change; null before the first capture.'),
('window_start', 'Where the three-hour window begins; this moment itself belongs to the window before.'),
('window_end', 'Where the three-hour window ends, inclusive.'),
('rules_version', 'The version of the rules that made the row.'),
('run_id', 'The run that wrote the row.'),
('loaded_at', 'When the row was written.'),
('label', 'What the field was called.'),
('field', 'name, email, primary_phone or custom_fields.<key>.'),
('field_type', 'text, number, date, dropdown, multiple_choice, checkbox, or what else the helpdesk has.'),
('old', 'The value before, as JSON; null for none.'),
('new', 'The value after, as JSON; null for none.'),
('name', 'The contact''s name.'),
('email', 'The contact''s email address.'),
('primary_phone', 'The contact''s phone number.'),
('custom_fields', 'The contact''s custom fields, by their keys.'),
('created_at', 'When the contact was created in the helpdesk.'),
('reason', 'Why.'),
('day', 'The day, in UTC.'),
('events', 'How many events.'),
('only_row', 'Always true: there is one row at most.'),
('waiting_entries', 'How many journal entries wait for the next capture.'),
('waiting_since', 'The moment of the oldest of these.'),
('last_run_id', 'The last run that ended well.'),
('last_run_at', 'When it ended.'),
('version_num', 'The newest revision that was run.');

-- columns that mean something of their own
insert into meaning (relation, name, said)
values
('contact_activity', 'activity', 'What happened, a sentence a line: Primary phone changed from "+49 30 1" to "+49 30 2".'),
('contact_events', 'activity', 'What happened, a sentence a line: Primary phone changed from "+49 30 1" to "+49 30 2".'),
('contact_activity', 'labels', 'What the fields were called: {"primary_phone": "Primary phone"}.'),
('contact_events', 'labels', 'What the fields were called: {"primary_phone": "Primary phone"}.'),
('contact_field_changes', 'old_value', 'The value before, as text: yes or no, a list joined by commas; null for none, which '''' is not.'),
('contact_field_changes', 'new_value', 'The value after, as text.'),
('contact_history', 'valid_from', 'Since when the state holds, inclusive; for the first span of a contact, since when it is known.'),
('contact_history', 'valid_to', 'Until when, exclusive; null: it holds still.'),
('contact_history', 'occurred_after', 'It may hold since this moment already; equals valid_from when the moment is known.'),
('contact_history', 'event_id', 'The event that brought it on; null for the first span and after a schema change.'),
('contact_history', 'present', 'Whether the contact is there; if not, its fields are null.'),
('daily_activity', 'contacts', 'How many contacts these are of. Not to be added up: one may be in several rows.'),
('daily_counts', 'contacts', 'How many contacts these are of. Not to be added up: one may be in several rows.'),
('author_activity', 'creates', 'How many of them are creates.'),
('author_activity', 'updates', 'How many of them are updates.'),
('author_activity', 'deletes', 'How many of them are deletes.'),
('author_activity', 'restores', 'How many of them are restores.'),
('author_activity', 'contacts', 'How many contacts these are of. Not to be added up: one may be in several rows.'),
('author_activity', 'channels', 'The channels that the author came by, sorted; null when all are unknown.'),
('author_activity', 'first_at', 'The day''s first event.'),
('author_activity', 'last_at', 'The day''s last event.'),
('event_feed', 'position', 'Grows; the same for all that became visible in one transaction, in which retractions come first.'),
('event_feed', 'kind', 'addition or retraction.'),
('event_feed', 'reason', 'Why it was retracted; null for an addition.'),
('sync_status', 'data_complete_from', 'The log covers what happened after this moment; null before the first load.'),
('sync_status', 'data_complete_up_to', 'The log covers what happened until this moment; null before the first load.'),
('sync_status', 'next_due', 'When the next sync is due; in the past: it is late.'),
('sync_status', 'last_window_end', 'The end of the newest window that is loaded whole.'),
('sync_status', 'events_in_last_window', 'How many events that window has.'),
('sync_status', 'rejects_in_last_window', 'How many rows of the helpdesk could not be used in it.'),
('sync_status', 'partly_used_in_last_window', 'How many rows count in it without one of their values.'),
('sync_status', 'superseded_in_last_window', 'How many events were taken out of it.'),
('superseded_events', 'superseded_at', 'When it was taken out.'),
('superseded_events', 'superseded_by', 'The run that took it out.'),
('superseded_events', 'superseded_in', 'The transaction that took it out: loads.loaded_at; null before there was a feed.'),
('entries_without_event', 'entry_id', 'The entry''s id in the helpdesk''s journal.'),
('entries_without_event', 'occurred_at', 'When it happened, as the entry says.'),
('entries_without_event', 'reason', 'duplicate, no_known_effect or not_captured.'),
('rejected_rows', 'rejected_id', 'A number of its own.'),
('rejected_rows', 'relation', 'contact_journal or contact_snapshots.'),
('rejected_rows', 'entry_id', 'The row''s entry_id, as far as it has one.'),
('rejected_rows', 'snapshot_id', 'The row''s snapshot_id, as far as it has one.'),
('rejected_rows', 'contact_id', 'The row''s contact_id, as far as it has one.'),
('rejected_rows', 'used', 'False: the row could not be used. True: it counts, without the value that the reason names.'),
('rejected_rows', 'row', 'The whole row.'),
('rejected_rows', 'reason', 'What is wrong with it.'),
('schema_changes', 'schema_change_id', 'Made from all that the change says, its values included.'),
('schema_changes', 'kind', 'appeared, disappeared or renamed.'),
('schema_changes', 'renamed_to', 'The new name of a renamed field.'),
('schema_changes', 'contacts', 'How many contacts'' values it changed.'),
('schema_changes', 'occurred_at', 'It happened by this moment: that of the later capture.'),
('schema_changes', 'occurred_after', 'It happened after this moment: that of the earlier capture.'),
('schema_change_values', 'schema_change_id', 'The schema change.'),
('contacts', 'deleted', 'Whether the contact is gone.'),
('contacts', 'snapshot_id', 'The capture that the row was last taken from.'),
('field_labels', 'since', 'Since when it is called so; -infinity: as long as it is known.'),
('ledger', 'sequence', 'The order of loads.'),
('ledger', 'kind', 'load, amend or erase.'),
('ledger', 'events', 'How many events the window holds after it.'),
('ledger', 'entries_without_event', 'How many entries without an event the window holds after it.'),
('ledger', 'rejected', 'How many rejected rows the window holds after it.'),
('ledger', 'superseded', 'How many events it took out of the log.'),
('ledger', 'captures', 'The captures in the window that it used.'),
('ledger', 'newest_recorded_at', 'How far the journal reached: the greatest recorded_at; null: an empty journal.'),
('ledger', 'newest_entry_id', 'The entry with that recorded_at.'),
('ledger', 'whole', 'Whether the window had ended when it was loaded.'),
('ledger', 'reason', 'Why, for all but a load.'),
('ledger', 'digest', 'The digest of what the window holds.'),
('ledger', 'previous_hash', 'The hash of the row before.'),
('ledger', 'hash', 'The hash of this row and the one before.'),
('loads', 'loaded_at', 'The transaction''s moment, as its rows have it.'),
('loads', 'position', 'Its place in event_feed: drawn while it commits.'),
('capture_decisions', 'snapshot_id', 'The capture.'),
('capture_decisions', 'decision', 'accept, or ignore: as if the capture were not there.'),
('capture_decisions', 'decided_by', 'Who decided.'),
('capture_decisions', 'decided_at', 'When.'),
('source', 'adapter', 'The adapter''s name.'),
('source', 'registered_at', 'When it first filled this database.'),
('state', 'healed_recorded_at', 'How far, in recorded_at, late entries were looked for.'),
('state', 'healed_ledger_sequence', 'How far, in the ledger, late entries were looked for.'),
('state', 'contacts_snapshot_id', 'The capture that contacts shows.'),
('state', 'contacts_captured_at', 'That capture''s moment.'),
('state', 'complete_until', 'The end of the newest window that is loaded whole.'),
('state', 'last_run_report', 'What the last run did.'),
('state', 'counted_position', 'The position of event_feed up to which daily_counts has counted.');

do $$
declare
    commented record;
begin
    for commented in
        select
            relation.relkind,
            relation.relname,
            meaning.said
        from pg_class as relation
        inner join meaning on relation.relname = meaning.relation
        where
            relation.relnamespace = 'audit'::regnamespace
            and relation.relkind in ('r', 'p', 'v', 'm')
            and meaning.name is null
    loop
        execute 'comment on '
            || case commented.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end
            || ' audit.' || quote_ident(commented.relname) || ' is ' || quote_literal(commented.said);
    end loop;

    for commented in
        select distinct on (relation.relname, attribute.attnum)
            relation.relname,
            attribute.attname,
            meaning.said
        from pg_class as relation
        inner join pg_attribute as attribute on relation.oid = attribute.attrelid
        inner join meaning on
            attribute.attname = meaning.name
            and relation.relname = coalesce(meaning.relation, relation.relname)
        where
            relation.relnamespace = 'audit'::regnamespace
            and relation.relkind in ('r', 'p', 'v', 'm')
            and not relation.relispartition
            and attribute.attnum > 0
            and not attribute.attisdropped
        order by
            relation.relname,
            attribute.attnum,
            meaning.relation nulls last
    loop
        execute 'comment on column audit.' || quote_ident(commented.relname) || '.' || quote_ident(commented.attname)
            || ' is ' || quote_literal(commented.said);
    end loop;
end;
$$;
drop table meaning;
