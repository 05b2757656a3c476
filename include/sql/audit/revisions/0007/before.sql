-- What stands already comes under the chain as it is: one entry of kind amend a window, which says of the window what its last
-- load said, and one for the decisions. What was done to it before, nobody can prove any more.
-- Run by an Alembic revision after chain.sql. No percent sign in this file. O(rows of the log).

-- nothing is added to the log, so the feed goes on where it is
alter table audit.ledger disable trigger take_feed_position;

insert into audit.ledger (
    kind, window_start, window_end, events, entries_without_event, rejected, superseded, captures, newest_recorded_at,
    newest_entry_id, whole, rules_version, reason, run_id, roots
)
select
    'amend' as kind,
    newest.window_start,
    newest.window_end,
    newest.events,
    newest.entries_without_event,
    newest.rejected,
    0 as superseded,
    newest.captures,
    newest.newest_recorded_at,
    newest.newest_entry_id,
    newest.whole,
    newest.rules_version,
    'before the chain' as reason,
    newest.run_id,
    its.roots
from (
    select distinct on (l.window_end) l.*
    from audit.ledger as l
    order by l.window_end asc, l.sequence desc
) as newest
inner join audit.seal((select array_agg(distinct l.window_end) from audit.ledger as l), true) as its
    on newest.window_end = its.sealed
order by newest.window_end;

insert into audit.ledger (
    kind, events, entries_without_event, rejected, superseded, captures, whole, rules_version, reason, run_id, roots
)
select
    'amend' as kind,
    0 as events,
    0 as entries_without_event,
    0 as rejected,
    0 as superseded,
    '{}' as captures,
    true as whole,
    1 as rules_version,
    'before the chain' as reason,
    'decisions' as run_id,
    its.roots
from audit.seal('{-infinity}', true) as its
where exists (select 1 from audit.capture_decisions);

alter table audit.ledger enable trigger take_feed_position;
