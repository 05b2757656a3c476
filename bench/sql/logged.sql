-- The rows of the log as text, all columns but the generated one, for the bare COPY.
copy (
    select
        event_id, account_id, contact_id, action, author_type, author_id, author_name, ip_address, channel, occurred_at,
        occurred_after, sequence, changes, attribution, journal_entry_id, candidates, previous_snapshot_id, snapshot_id,
        window_start, window_end, rules_version, run_id, loaded_at
    from audit.contact_audit_log
) to stdout
