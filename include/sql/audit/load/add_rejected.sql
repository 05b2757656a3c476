-- Put in the rejected rows that are not there already. O(new rows).
insert into audit.rejected_rows (
    relation, entry_id, snapshot_id, contact_id, used, row, reason, window_start, window_end, run_id
)
select
    n.relation, n.entry_id, n.snapshot_id, n.contact_id, n.used, n.row, n.reason, n.window_start, n.window_end, n.run_id
from incoming_rejected as n
on conflict do nothing
