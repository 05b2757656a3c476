-- What watches have found, with the events behind each, and how far the log was watched. No value of a person is kept here: ids alone.
-- No percent sign in this file: drivers would take it for a parameter.

create table audit.watching (
    only_row boolean primary key default true check (only_row),
    -- of audit.event_feed
    position bigint not null,
    since_position bigint not null check (since_position <= position),
    started_at timestamptz not null default now()
);

create table audit.alerts (
    alert_id bigint generated always as identity primary key,
    watch text not null check (watch <> ''),
    kind text not null check (kind in ('event', 'count', 'share', 'first')),
    key text not null,
    rule text not null,
    account_id text,
    contact_id text,
    author_type text,
    author_id text,
    first_at timestamptz not null,
    last_at timestamptz not null,
    events bigint not null check (events >= 1),
    contacts bigint not null check (contacts between 1 and events),
    amount double precision not null check (amount > 0),
    position bigint not null,
    run_id text not null,
    raised_at timestamptz not null default now(),
    changed_at timestamptz,
    delivered_to text [] not null default '{}',
    delivered_at timestamptz,
    retracted_at timestamptz,
    retracted_why text,
    retraction_told_to text [] not null default '{}',
    check (first_at <= last_at),
    check ((retracted_at is null) = (retracted_why is null)),
    -- who was told nothing need not be told that it is not so
    check (retraction_told_to <@ delivered_to)
);

-- each hit once
create unique index alerts_once on audit.alerts (watch, key) where retracted_at is null;
create index alerts_to_deliver on audit.alerts (watch, alert_id) where delivered_at is null and retracted_at is null;
create index alerts_to_take_back on audit.alerts (watch, alert_id)
where retracted_at is not null and cardinality(retraction_told_to) < cardinality(delivered_to);

create table audit.alert_events (
    alert_id bigint not null references audit.alerts,
    event_id uuid not null,
    occurred_at timestamptz not null,
    contact_id text not null,
    primary key (alert_id, event_id)
);

create index alert_events_contact on audit.alert_events (contact_id, alert_id);
create index alert_events_event on audit.alert_events (event_id);

-- who was seen from where before the watching, though the events were replaced since
create index superseded_events_author on audit.superseded_events (author_type, author_id);

comment on table audit.watching is 'How far watches have looked at audit.event_feed. One row where there are watches, else none.';
comment on column audit.watching.only_row is 'always true: there is one row';
comment on column audit.watching.position is 'the last position of audit.event_feed that was looked at';
comment on column audit.watching.since_position is 'the last position before the watching began: what lies up to it raises no alert';
comment on column audit.watching.started_at is 'when the watching began';

comment on table audit.alerts is
'A hit of a watch (docs/watches.md), once; what was taken back stays, with when and why. Ids alone, no value of a person.';
comment on column audit.alerts.alert_id is 'the alert';
comment on column audit.alerts.watch is 'the watch''s name in the watch file';
comment on column audit.alerts.kind is 'event, count, share or first: what of events makes a hit';
comment on column audit.alerts.key is
'what it is about: an event''s id, or a digest of group and time (count), account and window (share), author and address (first)';
comment on column audit.alerts.rule is 'what many events had to come to, in words; empty for a watch on single events';
comment on column audit.alerts.account_id is 'the account, where all of its events are of one';
comment on column audit.alerts.contact_id is 'the contact, where all of its events are of one';
comment on column audit.alerts.author_type is 'the kind of author, where all of its events are of one author';
comment on column audit.alerts.author_id is 'the author''s id, where all of its events are of one author';
comment on column audit.alerts.first_at is 'the moment of its first event';
comment on column audit.alerts.last_at is 'the moment of its last event';
comment on column audit.alerts.events is 'how many events are behind it (audit.alert_events)';
comment on column audit.alerts.contacts is 'how many contacts these are of';
comment on column audit.alerts.amount is 'of a count the most contacts in one span, of a share the share (0 to 1), else 1';
comment on column audit.alerts.position is 'the position of audit.event_feed at which it was raised';
comment on column audit.alerts.run_id is 'the run that raised it';
comment on column audit.alerts.raised_at is 'when';
comment on column audit.alerts.changed_at is 'when other events were last found to be behind it; null: never';
comment on column audit.alerts.delivered_to is 'the destinations that have it';
comment on column audit.alerts.delivered_at is 'when the last destination had it; null: not yet, the next run tries again';
comment on column audit.alerts.retracted_at is 'when it was taken back, as the log says otherwise by now; null: it stands';
comment on column audit.alerts.retracted_why is 'why it was taken back';
comment on column audit.alerts.retraction_told_to is 'the destinations that know that it was taken back';

comment on table audit.alert_events is 'The events behind each alert; of one that was taken back, those it was raised for.';
comment on column audit.alert_events.alert_id is 'the alert';
comment on column audit.alert_events.event_id is 'the event, in audit.contact_audit_log, or in audit.superseded_events by now';
comment on column audit.alert_events.occurred_at is 'its moment';
comment on column audit.alert_events.contact_id is 'its contact';

do $$
begin
    if exists (select 1 from pg_roles where rolname = 'contact_audit_reader') then
        grant select on audit.watching, audit.alerts, audit.alert_events to contact_audit_reader;
    end if;
end;
$$;
