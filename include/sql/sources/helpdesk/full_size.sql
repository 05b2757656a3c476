-- How many contacts a full capture holds. One row; O(contacts) of an index.
select count(*) as contacts
from contact_snapshots as c
where
    c.snapshot_id = %(capture)s
    and not c.deleted
