-- Where the digests of rows are kept, and rows that were replaced; what an entry of the ledger needs of both.
-- Run by an Alembic revision after digests.sql. No percent sign in this file: drivers would take it for a parameter.

-- The records of the rows that an entry added or took away: 64 bytes each, key (the event_id, or a number in 16 bytes), salt and
-- digest. Written before the entry has its sequence: the window and the transaction tell which one it is.
create table audit.ledger_rows (
    -- -infinity: the entry is about no window
    window_end timestamptz not null,
    relation text not null,
    transaction_at timestamptz not null default now(),
    removed boolean not null,
    records bytea not null,
    -- the contact of each, so that a row that is missing can be named
    contacts text [] not null,

    primary key (window_end, relation, transaction_at, removed),
    constraint records_are_whole
    check (octet_length(records) = 64 * cardinality(contacts) and cardinality(contacts) > 0)
);

-- random bytes do not get smaller
alter table audit.ledger_rows alter column records set storage external;

-- Rows that stood beside the log and were replaced by a later load, as they were: every root can be computed again.
create table audit.replaced_rows (
    relation text not null,
    key bytea not null,
    window_end timestamptz not null,
    "row" jsonb not null,
    replaced_at timestamptz not null default clock_timestamp(),
    -- the transaction's now()
    replaced_in timestamptz not null default now()
);

create index replaced_rows_window on audit.replaced_rows (window_end, relation);

create function audit.number_key(number bigint) returns bytea
language sql immutable parallel safe
return '\x0000000000000000'::bytea || int8send(number);

create function audit.keep_replaced_row() returns trigger
language plpgsql
as $$
begin
    case tg_table_name
        when 'entries_without_event' then
            insert into audit.replaced_rows (relation, key, window_end, "row")
            values (tg_table_name, audit.number_key(old.entry_id), old.window_end, to_jsonb(old));
        when 'rejected_rows' then
            insert into audit.replaced_rows (relation, key, window_end, "row")
            values (tg_table_name, audit.number_key(old.rejected_id), old.window_end, to_jsonb(old));
        when 'schema_changes' then
            insert into audit.replaced_rows (relation, key, window_end, "row")
            values (
                tg_table_name, uuid_send(old.schema_change_id), old.window_end,
                to_jsonb(old) || jsonb_build_object('held', audit.schema_change_held(old.schema_change_id))
            );
        when 'capture_decisions' then
            insert into audit.replaced_rows (relation, key, window_end, "row")
            values (tg_table_name, audit.number_key(old.snapshot_id), '-infinity', to_jsonb(old));
    end case;
    if tg_op = 'UPDATE' then
        return new;
    end if;
    return old;
end;
$$;

create trigger keep_replaced_row
before delete on audit.entries_without_event
for each row execute function audit.keep_replaced_row();

create trigger keep_replaced_row
before delete on audit.rejected_rows
for each row execute function audit.keep_replaced_row();

-- before: its values are there still
create trigger keep_replaced_row
before delete on audit.schema_changes
for each row execute function audit.keep_replaced_row();

create trigger keep_replaced_row
before update or delete on audit.capture_decisions
for each row execute function audit.keep_replaced_row();

-- What proves is only ever added to.
create function audit.refuse_to_change_evidence() returns trigger
language plpgsql
as $$
begin
    raise exception using
        message = 'audit.' || tg_table_name || ' is only added to: ' || lower(tg_op) || ' refused',
        hint = 'It is evidence; docs/trust.md tells how to correct what is wrong.';
end;
$$;

create trigger only_added_to
before update or delete or truncate on audit.superseded_events
for each statement execute function audit.refuse_to_change_evidence();

create trigger only_added_to
before update or delete or truncate on audit.ledger_rows
for each statement execute function audit.refuse_to_change_evidence();

create trigger only_added_to
before update or delete or truncate on audit.replaced_rows
for each statement execute function audit.refuse_to_change_evidence();
