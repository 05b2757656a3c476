-- A merge, whichever: one row, or none where no contact was ever merged into another. O(1), by index.
select event.contact_id
from audit.contact_audit_log as event
where event.merged_into is not null
limit 1 -- noqa: AM09
