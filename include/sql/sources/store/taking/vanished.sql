-- The persons that the newest journal rows, beyond an id, are about. O(rows beyond).
select distinct r.contact_id
from captures.journal_rows as r
where
    r.epoch = %(epoch)s
    and r.entry_id > %(beyond)s
    and r.contact_id is not null
