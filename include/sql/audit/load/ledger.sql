-- Append one row a loaded window: what it holds now, what its load saw, and the digests of the rows that it added and took
-- away. O(windows, and rows added).
insert into audit.ledger (
    kind, window_start, window_end, events, entries_without_event, rejected, superseded, captures, newest_recorded_at,
    newest_entry_id, whole, rules_version, run_id, roots
)
select
    'load' as kind,
    w.window_end - interval '3 hours' as window_start,
    w.window_end,
    w.events,
    w.entries_without_event,
    w.rejected,
    w.superseded,
    coalesce(string_to_array(nullif(w.captures, ''), ' ')::bigint [], '{}') as captures,
    %(newest_recorded_at)s,
    %(newest_entry_id)s,
    w.window_end <= %(whole_until)s as whole,
    %(rules_version)s,
    %(run_id)s,
    its.roots
from unnest(
    %(windows)s::timestamptz [],
    %(events)s::integer [],
    %(entries_without_event)s::integer [],
    %(rejected)s::integer [],
    %(superseded)s::integer [],
    %(captures)s::text []
) as w (window_end, events, entries_without_event, rejected, superseded, captures)
inner join audit.seal(%(windows)s::timestamptz [], false) as its on w.window_end = its.sealed
order by w.window_end
