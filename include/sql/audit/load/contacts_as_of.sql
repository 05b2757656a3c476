-- Which capture audit.contacts shows; locked, so that one load at a time brings it forward. One row.
select
    s.contacts_snapshot_id,
    s.contacts_captured_at
from audit.state as s
for update
