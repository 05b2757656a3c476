-- audit.event_feed: what was added to the log and what was taken out of it, in the order in which it became visible, so that
-- a copy elsewhere is kept exact by asking for what is after its last position.
-- Run by an Alembic revision after schema.sql. No percent sign in this file: drivers would take it for a parameter.
--
-- The log's rows carry no position: one for each row would slow the bulk load, and sequences and clocks go by who began
-- first, not by who became visible first. Instead each loading transaction draws one position, at its very end and under a
-- lock that it keeps until it is visible: a position below one that a reader has seen can never appear. Which
-- transaction a row is of, its window and loaded_at say.

create sequence audit.feed_position;

-- One row per window and transaction that loaded it. O(1) a window.
create table audit.loads (
    window_end timestamptz not null,
    -- the transaction's now(), as its rows have it
    loaded_at timestamptz not null,
    -- the same for all windows of the transaction
    position bigint not null,

    primary key (window_end, loaded_at)
);

create index loads_position on audit.loads (position);

create function audit.take_feed_position() returns trigger
language plpgsql
as $$
declare
    taken bigint;
begin
    perform pg_advisory_xact_lock(hashtext('contact_audit_feed'));
    taken := nullif(current_setting('contact_audit.feed_position', true), '');
    if taken is null then
        taken := nextval('audit.feed_position');
        perform set_config('contact_audit.feed_position', taken::text, true);
    end if;
    insert into audit.loads (window_end, loaded_at, position)
    values (new.window_end, now(), taken)
    on conflict do nothing;
    if not exists (
        select 1
        from audit.loads as l
        where (l.window_end, l.loaded_at, l.position) = (new.window_end, now(), taken)
    ) then
        raise exception using
            message = 'two transactions that began in the same microsecond loaded the window that ends '
            || new.window_end::text,
            hint = 'Try again.',
            errcode = 'serialization_failure';
    end if;
    return null;
end;
$$;

-- Deferred to the commit: the lock is held for as long as a commit takes.
create constraint trigger take_feed_position
after insert on audit.ledger
deferrable initially deferred
for each row execute function audit.take_feed_position();

-- Which transaction took the row out: loads.loaded_at. Null where that was before there was a feed.
alter table audit.superseded_events add column superseded_in timestamptz;
alter table audit.superseded_events alter column superseded_in set default now();

-- The feed begins with what stands in the log now, as one addition.
insert into audit.loads (window_end, loaded_at, position)
select
    e.window_end,
    e.loaded_at,
    (select nextval('audit.feed_position')) as position
from audit.contact_audit_log as e
group by
    e.window_end,
    e.loaded_at;

-- One row per addition (the event as it was added) and per retraction (the event as it stood). Of one position, retractions
-- come before additions: order by position, kind desc. O(rows after the position asked for), by index.
create view audit.event_feed as
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
    event.fields
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
    event.fields
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
    event.fields
from audit.loads as load
inner join audit.superseded_events as event
    on load.window_end = event.window_end and load.loaded_at = event.superseded_in
where event.superseded_in <> event.loaded_at;
