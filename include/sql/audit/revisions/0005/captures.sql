-- Schema captures: what a source that keeps no captures is seen to hold, run by run. Of the relations of the reference schema, with
-- the names and columns it has, and of what taking a capture needs beside them. No percent sign in this file.

create schema captures;
comment on schema captures is
'Captures of a helpdesk that keeps none, and its journal as it was when first seen; written by each run of a live source.';

create table captures.snapshots (
    snapshot_id bigint primary key,
    captured_at timestamptz not null unique,
    kind text not null,
    baseline boolean not null default false,
    adapter_version integer not null,
    reading text not null,
    epoch integer not null,
    newest_entry_id bigint,
    begun_at timestamptz not null,
    contacts bigint not null,
    rows_written bigint not null,
    entries bigint not null,
    constraint kind_is_known
    check (kind in ('full', 'changed')),
    constraint a_moment_is_finite
    check (isfinite(captured_at)),
    constraint counts_are_counts
    check (contacts >= 0 and rows_written >= 0 and entries >= 0),
    constraint epochs_start_at_one
    check (epoch >= 1)
);
comment on table captures.snapshots is 'One row a capture; ids are in the order of their moments.';
comment on column captures.snapshots.snapshot_id is 'The capture.';
comment on column captures.snapshots.captured_at is 'When, by the source''s clock.';
comment on column captures.snapshots.kind is 'full: every contact (the first one); changed: those that differ from the capture before.';
comment on column captures.snapshots.baseline is
'Read by a version of the adapter that reads contacts otherwise: what differs from the capture before may be due to that, and is no event.';
comment on column captures.snapshots.adapter_version is 'The version of the adapter that took it.';
comment on column captures.snapshots.reading is 'A digest of the SQL that read the contacts.';
comment on column captures.snapshots.epoch is 'Which count of the source''s entry ids holds: a new one begins after a restored backup.';
comment on column captures.snapshots.newest_entry_id is 'The greatest entry id that the source''s journal had; null where it was empty.';
comment on column captures.snapshots.begun_at is 'When the reading began, by this database''s clock.';
comment on column captures.snapshots.contacts is 'How many persons the source held, those not deleted.';
comment on column captures.snapshots.rows_written is 'How many rows of contact_snapshots are its own.';
comment on column captures.snapshots.entries is 'How many journal rows it saw first.';

create table captures.contact_snapshots (
    snapshot_id bigint not null references captures.snapshots,
    contact_id bigint not null,
    account_id bigint not null,
    name text,
    email text,
    primary_phone text,
    custom_fields jsonb not null default '{}',
    created_at timestamptz,
    deleted boolean not null default false,
    merged_into bigint,
    primary key (snapshot_id, contact_id)
);
create index contact_snapshots_contact on captures.contact_snapshots (contact_id, snapshot_id);
comment on table captures.contact_snapshots is 'One row a person and capture in which it differs from the capture before.';
comment on column captures.contact_snapshots.snapshot_id is 'The capture.';
comment on column captures.contact_snapshots.contact_id is 'The person, by the helpdesk''s id.';
comment on column captures.contact_snapshots.account_id is 'The helpdesk''s tenant; 0 where it has none.';
comment on column captures.contact_snapshots.name is 'The name.';
comment on column captures.contact_snapshots.email is 'The address.';
comment on column captures.contact_snapshots.primary_phone is 'The phone number.';
comment on column captures.contact_snapshots.custom_fields is 'The custom fields that have a value.';
comment on column captures.contact_snapshots.created_at is 'When the helpdesk created the person.';
comment on column captures.contact_snapshots.deleted is 'Gone, deleted softly, or merged into another.';
comment on column captures.contact_snapshots.merged_into is 'The survivor of a merge, where the source tells.';

create table captures.contact_journal (
    entry_id bigint primary key,
    contact_id bigint,
    account_id bigint,
    occurred_at timestamptz,
    recorded_at timestamptz not null,
    action text,
    author_type text,
    author_id text,
    author_name text,
    ip_address inet,
    channel text,
    changes jsonb,
    on_behalf_of text,
    seen_snapshot_id bigint not null references captures.snapshots
);
create index contact_journal_seen on captures.contact_journal (seen_snapshot_id);
create index contact_journal_occurred on captures.contact_journal (occurred_at);
create index contact_journal_recorded on captures.contact_journal (recorded_at);
create index contact_journal_contact on captures.contact_journal (contact_id, occurred_at);
comment on table captures.contact_journal is
'One row a journal entry, as the adapter derives it from the raw rows; rows of one save are one entry. Derived anew by a forced backfill.';
comment on column captures.contact_journal.entry_id is
'The source''s id of the first row; from the second epoch on, the epoch stands in its high bits.';
comment on column captures.contact_journal.contact_id is 'Whom it is about.';
comment on column captures.contact_journal.account_id is 'The tenant; 0 where there is none.';
comment on column captures.contact_journal.occurred_at is 'When, by whichever clock wrote it.';
comment on column captures.contact_journal.recorded_at is 'The moment of the capture that saw it first.';
comment on column captures.contact_journal.action is 'create, update, delete or restore.';
comment on column captures.contact_journal.author_type is 'contact, agent, admin, integration or system, as of the first sight.';
comment on column captures.contact_journal.author_id is 'The author''s id.';
comment on column captures.contact_journal.author_name is 'The author''s name, as of the first sight.';
comment on column captures.contact_journal.ip_address is 'The author''s address, where the source tells.';
comment on column captures.contact_journal.channel is 'The channel, where the source tells.';
comment on column captures.contact_journal.changes is
'What it touched: null, or a list of fields, with old and new where they are proof.';
comment on column captures.contact_journal.on_behalf_of is 'In whose name the author acted, where the source tells.';
comment on column captures.contact_journal.seen_snapshot_id is
'The capture that saw it first: it happened before that one, and after the one before.';

create table captures.custom_fields (
    account_id bigint,
    field_key text,
    label text not null,
    field_type text not null,
    primary key (account_id, field_key)
);
comment on table captures.custom_fields is 'Labels and types of custom fields, as of the newest capture that saw them.';
comment on column captures.custom_fields.account_id is 'The tenant; 0 where there is none.';
comment on column captures.custom_fields.field_key is 'The helpdesk''s own name for the field.';
comment on column captures.custom_fields.label is 'What it is called on screen.';
comment on column captures.custom_fields.field_type is 'text, number, date, dropdown, multiple_choice or checkbox.';

create table captures.journal_rows (
    epoch integer not null,
    entry_id bigint not null,
    contact_id bigint,
    occurred_at timestamptz,
    raw jsonb not null,
    seen_snapshot_id bigint not null references captures.snapshots,
    primary key (epoch, entry_id)
);
create index journal_rows_seen on captures.journal_rows (seen_snapshot_id, contact_id, entry_id);
comment on table captures.journal_rows is
'The source''s journal rows as they were when first seen. The first copy wins: sources purge, destroy and rewrite.';
comment on column captures.journal_rows.epoch is 'Which count of the source''s ids the id is of.';
comment on column captures.journal_rows.entry_id is 'The source''s own id, or one that the adapter derives.';
comment on column captures.journal_rows.contact_id is 'Whom it is about.';
comment on column captures.journal_rows.occurred_at is 'When, by the source.';
comment on column captures.journal_rows.raw is 'What the adapter derives the entry from.';
comment on column captures.journal_rows.seen_snapshot_id is 'The capture that saw it first.';

create table captures.fingerprints (
    contact_id bigint primary key,
    fingerprint bigint not null,
    present boolean not null
);
comment on table captures.fingerprints is
'One row a person that the source held at the newest capture: what tells whether it has changed since.';
comment on column captures.fingerprints.contact_id is 'The person.';
comment on column captures.fingerprints.fingerprint is 'A digest of its row, made by the source.';
comment on column captures.fingerprints.present is 'Neither deleted softly nor merged into another.';

create table captures.scope (
    contact_id bigint primary key,
    since_snapshot_id bigint references captures.snapshots
);
comment on table captures.scope is
'One row a person ever captured: from which capture on it is told. '
'Whoever was once a contact stays one: a change of role is no birth or death.';
comment on column captures.scope.contact_id is 'The person.';
comment on column captures.scope.since_snapshot_id is 'The first capture in which it was a contact; null where it never was, as an agent.';

create table captures.held (
    snapshot_id bigint primary key,
    reasons text [] not null,
    told text not null,
    open boolean not null,
    held_at timestamptz not null default clock_timestamp(),
    constraint reasons_are_known
    check (reasons <@ '{brake,restored}')
);
comment on table captures.held is
'Captures that were not taken, because somebody must decide first: '
'accept in audit.capture_decisions lets the next one pass, under this id.';
comment on column captures.held.snapshot_id is 'The id to decide about; it stays the same until then.';
comment on column captures.held.reasons is 'brake: too many contacts were gone; restored: the journal''s ids went back.';
comment on column captures.held.told is 'What the run said.';
comment on column captures.held.open is 'Whether it still stands: a capture that passes closes it.';
comment on column captures.held.held_at is 'When it was held first, by this database''s clock.';
