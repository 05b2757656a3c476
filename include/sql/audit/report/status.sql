-- What the log covers, and the report of the last run. One row.
select
    status.data_complete_from,
    status.data_complete_up_to,
    status.next_due,
    status.last_run_id,
    status.last_run_at,
    status.waiting_entries,
    status.waiting_since,
    state.last_run_report
from audit.sync_status as status
cross join audit.state
