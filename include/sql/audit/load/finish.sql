-- What a run remembers for the next one and for audit.sync_status.
update audit.state
set
    healed_recorded_at = greatest(healed_recorded_at, %(healed_recorded_at)s::timestamptz),
    healed_ledger_sequence = greatest(healed_ledger_sequence, %(healed_ledger_sequence)s::bigint),
    waiting_entries = %(waiting_entries)s,
    waiting_since = %(waiting_since)s,
    complete_until = greatest(complete_until, %(complete_until)s::timestamptz),
    last_run_id = %(run_id)s,
    last_run_at = now(),
    last_run_report = %(report)s::jsonb
