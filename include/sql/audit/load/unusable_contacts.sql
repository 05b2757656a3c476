-- The contacts of which a loaded capture has a row that could not be used. O(rejected rows).
select distinct r.contact_id::bigint as contact_id
from audit.rejected_rows as r
where
    r.relation = 'contact_snapshots'
    and not r.used
    and r.contact_id is not null
