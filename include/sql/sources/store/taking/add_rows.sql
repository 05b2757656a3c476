-- The journal rows that were seen first; the first copy wins. O(rows seen first).
insert into captures.journal_rows (epoch, entry_id, contact_id, occurred_at, raw, seen_snapshot_id)
select
    %(epoch)s,
    i.entry_id,
    i.contact_id,
    i.occurred_at,
    i.raw,
    %(snapshot_id)s
from incoming_rows as i
on conflict (epoch, entry_id) do nothing
