-- Triggers that guard the log and are missing or switched off: relation, trigger. O(1).
select
    guard.relation,
    guard.trigger
from (
    values
    ('ledger', 'append_only'),
    ('ledger', 'chain_entry'),
    ('ledger', 'advance_ledger_head'),
    ('ledger', 'take_feed_position'),
    ('ledger_rows', 'only_added_to'),
    ('superseded_events', 'only_added_to'),
    ('replaced_rows', 'only_added_to'),
    ('entries_without_event', 'keep_replaced_row'),
    ('rejected_rows', 'keep_replaced_row'),
    ('schema_changes', 'keep_replaced_row'),
    ('capture_decisions', 'keep_replaced_row'),
    ('capture_decisions', 'date_decision'),
    ('capture_decisions', 'enter_decision')
) as guard (relation, trigger)
left join pg_trigger as t
    on
        t.tgrelid = to_regclass('audit.' || guard.relation)
        and guard.trigger = t.tgname
where coalesce(t.tgenabled, 'D') not in ('O', 'A')
order by
    guard.relation,
    guard.trigger
