-- What the runs before remember, and how far the ledger reaches. One row.
select
    s.healed_recorded_at,
    s.healed_ledger_sequence,
    s.contacts_snapshot_id,
    s.contacts_captured_at,
    s.complete_until,
    coalesce((select max(l.sequence) from audit.ledger as l), 0) as ledger_sequence
from audit.state as s
