-- What the log covers, when more is due, and what the last verification of it found. One row, also before the first load. O(1).
select
    status.data_complete_from,
    status.data_complete_up_to,
    status.next_due,
    status.last_run_id,
    status.last_run_at,
    status.waiting_entries,
    status.waiting_since,
    verification.verified_at,
    verification.findings as verified_findings,
    (select max(load.position) from audit.loads as load) as feed_position,
    now() as read_at
from audit.sync_status as status
left join lateral (
    select
        newest.verified_at,
        newest.findings
    from audit.verifications as newest
    order by newest.verified_at desc
    limit 1
) as verification on true
