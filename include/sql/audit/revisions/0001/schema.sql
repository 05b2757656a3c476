-- The audit database: what happened to every contact, and what the loads themselves did.
-- Run once, by an Alembic revision, in a transaction. PostgreSQL 14 and later.
--
-- Reads top to bottom: the log, what was taken out of it, what found no way into it, the ledger of loads, and what
-- readers and runs need beside. "Rule" is one of diff and attribution. A window is (window_start, window_end].
-- No percent sign in this file: drivers would take it for a parameter.

create schema if not exists audit;

-- One row per event: one author, one moment, one contact. A contact's events are in order by (window_end, sequence);
-- readers sort by occurred_at, window_end, sequence, all descending.
create table audit.contact_audit_log (
    -- made from the evidence: the same evidence gives the same id, on every run
    event_id uuid not null,
    -- as in the helpdesk, as text: no adapter's ids fit another's type
    account_id text not null,
    contact_id text not null,
    action text not null,
    author_type text not null,
    -- null when unknown
    author_id text,
    author_name text,
    ip_address inet,
    channel text,
    -- the journal's moment; without one, the end of the span in which it happened
    occurred_at timestamptz not null,
    -- the start of that span; equals occurred_at when the moment is known
    occurred_after timestamptz not null,
    -- the event's place among its contact's events of its window
    sequence integer not null,
    -- [{"field", "old", "new"}], sorted by field
    changes jsonb not null,
    -- how the author is known
    attribution text not null,
    -- the one entry that made the event; null when unattributed or of several candidates
    journal_entry_id bigint,
    -- the entries of which one made the change, where there are several (rule 4)
    candidates jsonb,
    -- the pair of captures that encloses the event; null before the first capture (rule 8)
    previous_snapshot_id bigint,
    snapshot_id bigint,
    -- the window of the later capture; before the first capture, of the entry
    window_start timestamptz not null,
    window_end timestamptz not null,
    -- the version of the rules that made the row
    rules_version integer not null,
    -- which run wrote the row
    run_id text not null,
    loaded_at timestamptz not null default now(),
    -- the changed fields' names, for the index: where fields @> '["email"]'
    fields jsonb generated always as (jsonb_path_query_array(changes, '$[*].field')) stored,

    primary key (event_id, occurred_at),

    constraint action_is_known
    check (action in ('create', 'update', 'delete', 'restore')),
    constraint author_type_is_known
    check (author_type in ('contact', 'agent', 'admin', 'integration', 'system', 'unknown')),
    constraint span_has_a_direction
    check (occurred_after <= occurred_at),
    constraint an_entry_tells_the_moment
    check (journal_entry_id is null or occurred_after = occurred_at),

    -- what each attribution rests on; also refuses any other attribution
    constraint attribution_has_its_evidence
    check (
        case attribution
            when 'recorded' then journal_entry_id is not null and candidates is null
            when 'unconfirmed' then journal_entry_id is not null and candidates is null
            when 'matched' then (journal_entry_id is null) = (candidates is not null)
            when 'inferred' then (journal_entry_id is null) = (candidates is not null)
            when 'ambiguous' then journal_entry_id is null and candidates is not null
            when 'unattributed' then journal_entry_id is null and candidates is null
            else false
        end
    ),
    -- -> 1 is null for all but an array of two or more
    constraint candidates_are_several
    check (candidates is null or candidates -> 1 is not null),
    -- rule 4: only updates compete for a change
    constraint candidates_are_of_an_update
    check (candidates is null or action = 'update'),
    -- rules 4 and 5; an entry that does not say who is unknown with another attribution
    constraint nobody_is_named_without_evidence
    check (
        attribution not in ('ambiguous', 'unattributed')
        or (author_type = 'unknown' and author_id is null and author_name is null)
    ),
    -- rule 5; candidates, unlike nothing, may agree on these
    constraint nothing_is_known_of_the_unattributed
    check (attribution <> 'unattributed' or (ip_address is null and channel is null)),

    constraint captures_come_in_pairs
    check ((previous_snapshot_id is null) = (snapshot_id is null)),
    constraint captures_of_a_pair_differ
    check (previous_snapshot_id <> snapshot_id),
    -- rule 8
    constraint before_the_first_capture_nothing_is_confirmed
    check (
        snapshot_id is not null
        or (attribution = 'unconfirmed' and occurred_at > window_start and occurred_at <= window_end)
    ),

    constraint changes_are_a_list
    check (jsonb_typeof(changes) = 'array'),
    -- each with its field and both values, which differ; lists are compared as sets, elsewhere
    constraint changes_are_changes
    check (
        not jsonb_path_exists(
            changes,
            '$[*] ? (!(@.field.type() == "string") || !exists(@.old) || !exists(@.new)
            || (@.old.type() != "array" && @.new.type() != "array" && @.old == @.new))'
        )
    ),
    -- an entry without effect is no event (rule 6); a contact without values is still born
    constraint an_update_changes_something
    check (action <> 'update' or changes <> '[]'),

    constraint sequence_starts_at_one
    check (sequence >= 1),
    constraint rules_version_starts_at_one
    check (rules_version >= 1),
    constraint window_is_three_hours
    check (window_end - window_start = interval '3 hours'),
    constraint window_ends_on_a_border
    check (date_bin('3 hours', window_end, '2019-10-01 UTC') = window_end)
) partition by range (occurred_at);

create table audit.contact_audit_log_2019 partition of audit.contact_audit_log
for values from ('2019-01-01 UTC') to ('2020-01-01 UTC');
create table audit.contact_audit_log_2020 partition of audit.contact_audit_log
for values from ('2020-01-01 UTC') to ('2021-01-01 UTC');
create table audit.contact_audit_log_2021 partition of audit.contact_audit_log
for values from ('2021-01-01 UTC') to ('2022-01-01 UTC');
create table audit.contact_audit_log_2022 partition of audit.contact_audit_log
for values from ('2022-01-01 UTC') to ('2023-01-01 UTC');
create table audit.contact_audit_log_2023 partition of audit.contact_audit_log
for values from ('2023-01-01 UTC') to ('2024-01-01 UTC');
create table audit.contact_audit_log_2024 partition of audit.contact_audit_log
for values from ('2024-01-01 UTC') to ('2025-01-01 UTC');
create table audit.contact_audit_log_2025 partition of audit.contact_audit_log
for values from ('2025-01-01 UTC') to ('2026-01-01 UTC');
create table audit.contact_audit_log_2026 partition of audit.contact_audit_log
for values from ('2026-01-01 UTC') to ('2027-01-01 UTC');
create table audit.contact_audit_log_2027 partition of audit.contact_audit_log
for values from ('2027-01-01 UTC') to ('2028-01-01 UTC');
create table audit.contact_audit_log_2028 partition of audit.contact_audit_log
for values from ('2028-01-01 UTC') to ('2029-01-01 UTC');
create table audit.contact_audit_log_2029 partition of audit.contact_audit_log
for values from ('2029-01-01 UTC') to ('2030-01-01 UTC');
create table audit.contact_audit_log_2030 partition of audit.contact_audit_log
for values from ('2030-01-01 UTC') to ('2031-01-01 UTC');
create table audit.contact_audit_log_2031 partition of audit.contact_audit_log
for values from ('2031-01-01 UTC') to ('2032-01-01 UTC');
create table audit.contact_audit_log_2032 partition of audit.contact_audit_log
for values from ('2032-01-01 UTC') to ('2033-01-01 UTC');
create table audit.contact_audit_log_2033 partition of audit.contact_audit_log
for values from ('2033-01-01 UTC') to ('2034-01-01 UTC');
create table audit.contact_audit_log_2034 partition of audit.contact_audit_log
for values from ('2034-01-01 UTC') to ('2035-01-01 UTC');
create table audit.contact_audit_log_2035 partition of audit.contact_audit_log
for values from ('2035-01-01 UTC') to ('2036-01-01 UTC');
-- clocks that are wrong by years, and the years after 2035 until a revision adds theirs
create table audit.contact_audit_log_other partition of audit.contact_audit_log default;

-- One contact, newest first. Without the account: a contact's id says it.
create index contact_audit_log_contact on audit.contact_audit_log
(contact_id, occurred_at desc, window_end desc, sequence desc);
-- All events by time, newest first. A btree, not BRIN: only a btree gives the newest fifty without reading a year, and
-- rows arrive nearly in this order, which is what a btree takes cheapest.
create index contact_audit_log_time on audit.contact_audit_log (occurred_at desc);
create index contact_audit_log_author on audit.contact_audit_log (author_type, author_id, occurred_at desc);
create index contact_audit_log_fields on audit.contact_audit_log using gin (fields jsonb_path_ops);
-- A window's rows, which lie in any partition, for the load that replaces them.
create index contact_audit_log_window on audit.contact_audit_log (window_end);

-- Events that later evidence took out of the log or changed, as they stood. Without the log's checks: a row that was
-- right by its rules stays here when the rules become stricter.
create table audit.superseded_events (
    like audit.contact_audit_log including generated,
    superseded_at timestamptz not null default clock_timestamp(),
    -- the run that superseded it
    superseded_by text not null,
    reason text not null
);

create index superseded_events_event on audit.superseded_events (event_id);
create index superseded_events_window on audit.superseded_events (window_end);

-- Rows of the helpdesk that could not be used, or not wholly.
create table audit.rejected_rows (
    rejected_id bigint generated always as identity primary key,
    relation text not null,
    -- the row's keys, as far as it has them
    entry_id bigint,
    snapshot_id bigint,
    contact_id text,
    -- false: the row could not be used; true: it counts, without the value that the reason names
    used boolean not null,
    -- the whole row
    row jsonb not null,
    reason text not null,
    -- the window whose load met the row
    window_start timestamptz not null,
    window_end timestamptz not null,
    run_id text not null,
    loaded_at timestamptz not null default now(),

    constraint relation_is_known
    check (relation in ('contact_journal', 'contact_snapshots')),
    constraint window_is_three_hours
    check (window_end - window_start = interval '3 hours'),
    constraint window_ends_on_a_border
    check (date_bin('3 hours', window_end, '2019-10-01 UTC') = window_end)
);

create index rejected_rows_window on audit.rejected_rows (window_end);
-- Nothing stands twice. The row itself tells apart those that have no key.
create unique index rejected_rows_once on audit.rejected_rows (
    relation,
    coalesce(entry_id, -1),
    coalesce(snapshot_id, -1),
    coalesce(contact_id, ''),
    reason,
    window_end,
    md5(rejected_rows.row::text)
);

-- Journal entries that made no event: every entry is accounted for (rule 6).
create table audit.entries_without_event (
    entry_id bigint not null,
    account_id text not null,
    contact_id text not null,
    occurred_at timestamptz not null,
    action text not null,
    author_type text not null,
    author_id text,
    author_name text,
    ip_address inet,
    channel text,
    reason text not null,
    window_start timestamptz not null,
    window_end timestamptz not null,
    run_id text not null,
    loaded_at timestamptz not null default now(),

    primary key (entry_id, window_end),

    constraint action_is_known
    check (action in ('create', 'update', 'delete', 'restore')),
    constraint author_type_is_known
    check (author_type in ('contact', 'agent', 'admin', 'integration', 'system', 'unknown')),
    constraint reason_is_known
    check (reason in ('duplicate', 'no_known_effect', 'not_captured')),
    constraint window_is_three_hours
    check (window_end - window_start = interval '3 hours'),
    constraint window_ends_on_a_border
    check (date_bin('3 hours', window_end, '2019-10-01 UTC') = window_end)
);

create index entries_without_event_window on audit.entries_without_event (window_end);
create index entries_without_event_contact on audit.entries_without_event (contact_id, occurred_at desc);

-- What was done to the log, window by window, in order. Only ever appended to.
create table audit.ledger (
    sequence bigint generated always as identity primary key,
    kind text not null,
    window_start timestamptz not null,
    window_end timestamptz not null,
    -- what the window holds after it
    events integer not null,
    entries_without_event integer not null,
    rejected integer not null,
    -- what it took out of the log
    superseded integer not null,
    -- the captures in the window that the load used
    captures bigint[] not null,
    -- the greatest recorded_at, and its entry, that the load could see in the whole journal; null: an empty journal
    newest_recorded_at timestamptz,
    newest_entry_id bigint,
    -- false: the window had not ended yet when it was loaded
    whole boolean not null,
    rules_version integer not null,
    -- why, for all but a load
    reason text,
    run_id text not null,
    loaded_at timestamptz not null default clock_timestamp(),
    -- the chain of hashes, null until it is there
    digest bytea,
    previous_hash bytea,
    hash bytea,

    constraint kind_is_known
    check (kind in ('load', 'amend', 'erase')),
    constraint counts_are_counts
    check (events >= 0 and entries_without_event >= 0 and rejected >= 0 and superseded >= 0),
    constraint captures_have_ids
    check (array_position(captures, null) is null),
    constraint only_a_load_needs_no_reason
    check (kind = 'load' or reason is not null),
    constraint rules_version_starts_at_one
    check (rules_version >= 1),
    constraint window_is_three_hours
    check (window_end - window_start = interval '3 hours'),
    constraint window_ends_on_a_border
    check (date_bin('3 hours', window_end, '2019-10-01 UTC') = window_end)
);

-- The last word on a window first.
create index ledger_window on audit.ledger (window_end, sequence desc);

create function audit.refuse_to_change_the_ledger() returns trigger
language plpgsql
as $$
begin
    raise exception using
        message = 'audit.ledger is append-only: ' || lower(tg_op) || ' refused',
        hint = 'Append a row of kind amend or erase, with its reason.';
end;
$$;

create trigger append_only
before update or delete or truncate on audit.ledger
for each statement execute function audit.refuse_to_change_the_ledger();

-- One row per contact, as of the newest loaded capture, so that readers never need the helpdesk.
create table audit.contacts (
    contact_id text primary key,
    account_id text not null,
    name text,
    email text,
    primary_phone text,
    custom_fields jsonb not null default '{}',
    -- when the contact was created in the helpdesk
    created_at timestamptz,
    deleted boolean not null,
    -- the capture that the row was last taken from
    snapshot_id bigint not null,

    constraint custom_fields_are_an_object
    check (jsonb_typeof(custom_fields) = 'object')
);

-- Search by the start of a name or an address: where lower(left(name, 200)) like 'dana...', then the account. Cut, for an
-- index refuses a text of more than 2,700 bytes, and with it the load; the column holds it whole.
create index contacts_name on audit.contacts (lower(left(name, 200)) text_pattern_ops, account_id);
create index contacts_email on audit.contacts (lower(left(email, 200)) text_pattern_ops, account_id);

-- What a field was called, and since when: a change is shown with the label of its day.
create table audit.field_labels (
    account_id text not null,
    -- as in changes: custom_fields.<key>
    field text not null,
    label text not null,
    -- text, number, date, dropdown, multiple_choice, checkbox, or what else an adapter's helpdesk has
    field_type text not null,
    since timestamptz not null default '-infinity',

    primary key (account_id, field, since)
);

-- What someone decided about a capture that the brake stopped at. Every later run obeys.
create table audit.capture_decisions (
    snapshot_id bigint primary key,
    -- ignore: as if the capture were not there
    decision text not null,
    decided_by text not null,
    reason text not null,
    decided_at timestamptz not null default now(),

    constraint decision_is_known
    check (decision in ('accept', 'ignore'))
);

-- Which adapter fills this database: another's ids would mix with its own. At most one row.
create table audit.source (
    only_row boolean primary key default true,
    adapter text not null,
    registered_at timestamptz not null default now(),

    constraint there_is_one_source
    check (only_row)
);

-- What runs remember. Always one row.
create table audit.state (
    only_row boolean primary key default true,
    -- how far, in recorded_at and in the ledger, late evidence was looked for
    healed_recorded_at timestamptz,
    healed_ledger_sequence bigint not null default 0,
    -- the capture that audit.contacts shows
    contacts_snapshot_id bigint,
    contacts_captured_at timestamptz,
    -- entries after the newest capture: no event until the next one comes
    waiting_entries bigint not null default 0,
    -- the oldest one's moment
    waiting_since timestamptz,
    -- the end of the last window that is loaded whole
    complete_until timestamptz,
    last_run_id text,
    last_run_at timestamptz,
    last_run_report jsonb,

    constraint there_is_one_state
    check (only_row),
    constraint waiting_is_a_count
    check (waiting_entries >= 0)
);

insert into audit.state default values;
