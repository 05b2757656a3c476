-- Triggers that guard the log and are missing, switched off or run another function: relation, trigger. O(1).
select
    guard.relation,
    guard.trigger
from (
    values
    ('ledger', 'append_only', 'refuse_to_change_the_ledger'),
    ('ledger', 'chain_entry', 'chain_entry'),
    ('ledger', 'advance_ledger_head', 'advance_ledger_head'),
    ('ledger', 'take_feed_position', 'take_feed_position'),
    ('ledger_rows', 'only_added_to', 'refuse_to_change_evidence'),
    ('superseded_events', 'only_added_to', 'refuse_to_change_evidence'),
    ('replaced_rows', 'only_added_to', 'refuse_to_change_evidence'),
    ('entries_without_event', 'keep_replaced_row', 'keep_replaced_row'),
    ('rejected_rows', 'keep_replaced_row', 'keep_replaced_row'),
    ('schema_changes', 'keep_replaced_row', 'keep_replaced_row'),
    ('capture_decisions', 'keep_replaced_row', 'keep_replaced_row'),
    ('capture_decisions', 'date_decision', 'date_decision'),
    ('capture_decisions', 'enter_decision', 'enter_decision')
) as guard (relation, trigger, function)
left join pg_trigger as t
    on
        t.tgrelid = to_regclass('audit.' || guard.relation)
        and guard.trigger = t.tgname
        and t.tgfoid = to_regproc('audit.' || guard.function)
where coalesce(t.tgenabled, 'D') not in ('O', 'A')
order by
    guard.relation,
    guard.trigger
