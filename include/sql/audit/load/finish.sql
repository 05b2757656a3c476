-- What a run remembers for the next one and for audit.sync_status. A mark later than the source's clock is none: it is replaced.
update audit.state
set
    healed_recorded_at = greatest(
        case when healed_recorded_at > %(clock)s::timestamptz then null else healed_recorded_at end,
        %(healed_recorded_at)s::timestamptz
    ),
    healed_ledger_sequence = greatest(healed_ledger_sequence, %(healed_ledger_sequence)s::bigint),
    waiting_entries = %(waiting_entries)s,
    waiting_since = %(waiting_since)s,
    complete_until = greatest(complete_until, %(complete_until)s::timestamptz),
    last_run_id = %(run_id)s,
    last_run_at = now(),
    last_run_report = %(report)s::jsonb
