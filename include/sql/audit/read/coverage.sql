-- What the log covers, and when more is due. One row, also before the first load. O(1).
select
    status.data_complete_from,
    status.data_complete_up_to,
    status.next_due,
    status.last_run_id,
    status.last_run_at,
    status.waiting_entries,
    status.waiting_since,
    (select max(load.position) from audit.loads as load) as feed_position,
    now() as read_at
from audit.sync_status as status
