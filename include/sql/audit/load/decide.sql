-- Write a decision about a capture; the newest one stands.
insert into audit.capture_decisions (snapshot_id, decision, decided_by, reason)
values (%(snapshot_id)s, %(decision)s, %(decided_by)s, %(reason)s)
on conflict (snapshot_id) do update
set
    decision = excluded.decision,
    decided_by = excluded.decided_by,
    reason = excluded.reason,
    decided_at = now()
