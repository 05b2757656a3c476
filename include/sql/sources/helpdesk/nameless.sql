-- The captures with rows of nobody: whose contact_id cannot be told. O(rows of all captures).
select distinct r.snapshot_id
from read_contact_snapshots as r
where
    r.contact_id is null
    and r.snapshot_id is not null
