-- The chain: each entry of the ledger has the hash of the one before it.
-- Run by an Alembic revision after seal.sql. No percent sign in this file: drivers would take it for a parameter.
--
-- An entry is chained by the table itself, whoever inserts it: the trigger takes the sequence and the previous hash under a
-- lock that is held until the transaction ends. So sequences have no gaps, and follow the order in which loads became visible.

-- How far the chain reaches: its last entry, and its first. One row; locked by who appends.
create table audit.ledger_head (
    only_row boolean primary key default true,
    sequence bigint not null,
    hash bytea,
    -- the first entry of the chain; those before it, from before there was one, are under its previous_hash
    first_sequence bigint not null,

    constraint there_is_one_head
    check (only_row)
);

insert into audit.ledger_head (sequence, first_sequence)
select
    coalesce(max(ledger.sequence), 0),
    coalesce(max(ledger.sequence), 0) + 1
from audit.ledger;

create function audit.chain_entry() returns trigger
language plpgsql
-- plans are kept, of tables that were empty when they were made
set enable_seqscan to off
as $$
declare
    head audit.ledger_head;
    last record;
begin
    select h.* into strict head from audit.ledger_head as h for update;
    select l.sequence, l.hash into last from audit.ledger as l order by l.sequence desc limit 1;
    -- the head where it is further: an entry that was cut off is missed, not made again
    new.sequence := greatest(last.sequence, head.sequence) + 1;
    new.transaction_at := now();
    if new.roots is null then
        select s.roots
        into new.roots
        from audit.seal(array[coalesce(new.window_end, '-infinity')], false) as s;
    end if;
    new.digest := case
        when new.window_end is not null
            then coalesce(decode(new.roots -> 'contact_audit_log' ->> 'root', 'hex'), audit.merkle_root(''))
    end;
    new.previous_hash := case when last.sequence >= head.sequence then last.hash else head.hash end;
    if new.sequence = head.first_sequence then
        select sha256(coalesce(string_agg(audit.entry_hash(l), '' order by l.sequence), ''))
        into new.previous_hash
        from audit.ledger as l;
    end if;
    new.hash := audit.entry_hash(new);
    return new;
end;
$$;

create trigger chain_entry
before insert on audit.ledger
for each row execute function audit.chain_entry();

create function audit.advance_ledger_head() returns trigger
language plpgsql
as $$
begin
    update audit.ledger_head as h
    set
        sequence = l.sequence,
        hash = l.hash
    from (select last.sequence, last.hash from audit.ledger as last order by last.sequence desc limit 1) as l;
    return null;
end;
$$;

create trigger advance_ledger_head
after insert on audit.ledger
for each statement execute function audit.advance_ledger_head();

-- Only entries about a window have a place in the feed.
drop trigger take_feed_position on audit.ledger;
create constraint trigger take_feed_position
after insert on audit.ledger
deferrable initially deferred
for each row when (new.window_end is not null) execute function audit.take_feed_position();

-- A decision is told by whom the session is and when it is made, whatever the statement says, and is an entry of its own.
create function audit.date_decision() returns trigger
language plpgsql
as $$
begin
    new.decided_at := now();
    new.decided_as := session_user;
    return new;
end;
$$;

create trigger date_decision
before insert or update on audit.capture_decisions
for each row execute function audit.date_decision();

create function audit.enter_decision() returns trigger
language plpgsql
as $$
begin
    insert into audit.ledger (
        kind, events, entries_without_event, rejected, superseded, captures, whole, rules_version, reason, run_id
    )
    values (
        'amend', 0, 0, 0, 0, '{}', true, 1,
        'decision on capture ' || new.snapshot_id || ': ' || new.decision, new.decided_by
    );
    return null;
end;
$$;

-- Deferred: all decisions of a transaction are there when the first one is entered.
create constraint trigger enter_decision
after insert or update on audit.capture_decisions
deferrable initially deferred
for each row execute function audit.enter_decision();

-- What verifications found, newest last.
create table audit.verifications (
    verified_at timestamptz not null default clock_timestamp() primary key,
    sequence bigint not null,
    events bigint not null,
    findings bigint not null,
    first_findings text [] not null
);

do $$
begin
    if exists (select 1 from pg_roles where rolname = 'contact_audit_reader') then
        grant select on audit.verifications to contact_audit_reader;
    end if;
end;
$$;
