-- Put the new rows into the log that are not there already. O(new rows).
insert into audit.contact_audit_log (
    event_id, account_id, contact_id, action, author_type, author_id, author_name, ip_address, channel, occurred_at,
    occurred_after, sequence, changes, attribution, journal_entry_id, candidates, previous_snapshot_id, snapshot_id,
    window_start, window_end, rules_version, run_id, merged_into, on_behalf_of
)
select
    n.event_id, n.account_id, n.contact_id, n.action, n.author_type, n.author_id, n.author_name, n.ip_address, n.channel,
    n.occurred_at, n.occurred_after, n.sequence, n.changes, n.attribution, n.journal_entry_id, n.candidates,
    n.previous_snapshot_id, n.snapshot_id, n.window_start, n.window_end, n.rules_version, n.run_id, n.merged_into,
    n.on_behalf_of
from incoming_events as n
where not exists (
    select 1
    from audit.contact_audit_log as e
    where
        e.event_id = n.event_id
        and e.occurred_at = n.occurred_at
)
