-- What loads lock, as rows: whoever may only read can lock none of them. Advisory locks are open to everybody who can log in, so
-- that a reader could have kept all loads waiting. The rows are there once and for all; locking one writes nothing that stays.
-- Percent signs stand for themselves: a revision's files are executed without parameters.

create table audit.locks (
    purpose text not null check (purpose in ('month', 'lane', 'ledger', 'feed', 'days')),
    number integer not null,
    primary key (purpose, number)
);

insert into audit.locks (purpose, number)
select
    'month' as purpose,
    series.number
from generate_series(0, 127) as series (number)
union all
select
    'lane' as purpose,
    series.number
from generate_series(0, 63) as series (number)
union all
values ('ledger', 0), ('feed', 0), ('days', 0);

comment on table audit.locks is
'What loads lock, one row each, for as long as their transaction lasts. Only who may write the log can lock a row.';
comment on column audit.locks.purpose is
'month: the windows of a month have one writer at a time; lane: how many chunks of a backfill are at work; '
'ledger, feed, days: the order of the ledger, of audit.event_feed, and of counting days.';
comment on column audit.locks.number is
'Of a month: its number since year 0, modulo 128; of a lane: its number; else 0.';

-- As in 0002/feed.sql, under a row instead of an advisory lock.
create or replace function audit.take_feed_position() returns trigger
language plpgsql
as $$
declare
    taken bigint;
begin
    perform 1 from audit.locks as l where l.purpose = 'feed' for update;
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

-- As in 0003/daily_counts.sql, likewise.
create or replace function audit.count_days() returns integer
language plpgsql
as $$
declare
    reached bigint;
    days date [];
begin
    perform 1 from audit.locks as l where l.purpose = 'days' for update;
    -- before the days: what comes in between is counted, and counted again
    select max(load.position) into reached from audit.loads as load;
    select array_agg(uncounted.day) into days from audit.uncounted_days as uncounted;
    delete from audit.daily_counts where day = any(days);
    -- they still are uncounted: the view reads the log itself
    insert into audit.daily_counts (day, account_id, action, author_type, channel, attribution, events, contacts)
    select
        activity.day,
        activity.account_id,
        activity.action,
        activity.author_type,
        activity.channel,
        activity.attribution,
        activity.events,
        activity.contacts
    from audit.daily_activity as activity
    where activity.day = any(days);
    update audit.state set counted_position = reached where counted_position < reached;
    return coalesce(cardinality(days), 0);
end;
$$;
