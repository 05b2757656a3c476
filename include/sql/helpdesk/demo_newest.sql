-- The newest captures up to the last one wanted, newest first: snapshot_id, captured_at, and, on each row, the highest
-- contact of the first capture. Rows added by hand may lie among the demo's own, hence more than one.
-- O(rows returned), by the primary keys.
with first_capture as (
    select max(contact_id) as contacts
    from helpdesk.contact_snapshots
    where snapshot_id = %(first_snapshot_id)s
),

newest as (
    select
        snapshot_id,
        captured_at
    from helpdesk.snapshots
    where snapshot_id <= %(last_snapshot_id)s
    order by snapshot_id desc
    limit 1000
)

select
    newest.snapshot_id,
    newest.captured_at,
    first_capture.contacts
from newest
cross join first_capture
order by newest.snapshot_id desc;
