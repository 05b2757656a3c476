-- The floor: the same rows into an identical table, nothing else.
copy audit.contact_audit_log (
    event_id, account_id, contact_id, action, author_type, author_id, author_name, ip_address, channel, occurred_at,
    occurred_after, sequence, changes, attribution, journal_entry_id, candidates, previous_snapshot_id, snapshot_id,
    window_start, window_end, rules_version, run_id, loaded_at
) from stdin
