-- audit.daily_activity, counted ahead: years of it are read in a moment, and it is exact at any time.
-- Run by an Alembic revision after feed.sql and reading.sql. No percent sign in this file: drivers would take it for a parameter.
--
-- What is counted holds as of a position of the feed. The days that later loads have touched are counted when they are read,
-- until a run has counted them: no load waits for it, and a run that fails before it costs time, never a wrong figure.

create table audit.daily_counts (
    day date not null,
    account_id text not null,
    action text not null,
    author_type text not null,
    -- null when unknown
    channel text,
    attribution text not null,
    events bigint not null,
    contacts bigint not null,

    constraint what_is_counted_is_there
    check (contacts > 0 and events >= contacts)
);

-- Digests, for an index refuses a long text; none is '', so that an unknown channel is told apart from every other.
create unique index daily_counts_once on audit.daily_counts (
    day, action, author_type, attribution, md5(account_id), coalesce(md5(channel), '')
);

-- the position of the feed up to which daily_counts has counted
alter table audit.state add column counted_position bigint not null default 0;

-- The days (UTC) that loads have touched since. None, in O(1), where all is counted; else O(events of the loads since).
-- Lateral and distinct, so that it stays a look-up by index for each window.
create view audit.uncounted_days as
select distinct touched.day
from audit.state
inner join audit.loads as load on state.counted_position < load.position
cross join lateral (
    select distinct (event.occurred_at at time zone 'UTC')::date as day
    from audit.contact_audit_log as event
    where
        event.window_end = load.window_end
        and event.loaded_at = load.loaded_at
    union
    select distinct (event.occurred_at at time zone 'UTC')::date as day
    from audit.superseded_events as event
    where
        event.window_end = load.window_end
        and event.superseded_in = load.loaded_at
) as touched;

-- One row per day (UTC), account, action, kind of author, channel and attribution, with how many events it has.
-- O(days asked for), by index: where day >= '2026-11-01'; and what loads have brought since the last run.
create view audit.daily_activity as
with uncounted as materialized (
    select touched.day
    from audit.uncounted_days as touched
)

select
    counted.day,
    counted.account_id,
    counted.action,
    counted.author_type,
    counted.channel,
    counted.attribution,
    counted.events,
    counted.contacts
from audit.daily_counts as counted
where counted.day not in (select uncounted.day from uncounted)
union all
select
    uncounted.day,
    counted.account_id,
    counted.action,
    counted.author_type,
    counted.channel,
    counted.attribution,
    counted.events,
    counted.contacts
from uncounted
cross join lateral (
    -- contact by contact first: to count those that are distinct would sort them
    select
        of_contact.account_id,
        of_contact.action,
        of_contact.author_type,
        of_contact.channel,
        of_contact.attribution,
        sum(of_contact.events)::bigint as events,
        count(*) as contacts
    from (
        select
            event.account_id,
            event.action,
            event.author_type,
            event.channel,
            event.attribution,
            count(*) as events
        from audit.contact_audit_log as event
        where
            event.occurred_at >= uncounted.day::timestamp at time zone 'UTC'
            and event.occurred_at < (uncounted.day + 1)::timestamp at time zone 'UTC'
        group by
            event.account_id,
            event.action,
            event.author_type,
            event.channel,
            event.attribution,
            event.contact_id
    ) as of_contact
    group by
        of_contact.account_id,
        of_contact.action,
        of_contact.author_type,
        of_contact.channel,
        of_contact.attribution
) as counted;

-- Count the days that loads have touched; returns how many. What is committed meanwhile is left for the next time.
-- O(events of these days).
create function audit.count_days() returns integer
language plpgsql
as $$
declare
    reached bigint;
    days date [];
begin
    perform pg_advisory_xact_lock(hashtext('contact_audit_days'));
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

-- what is there already
select audit.count_days();
