-- The journal rows after an id that are known, of all epochs. One row a journal row; O(rows returned).
select
    r.epoch,
    r.entry_id,
    r.contact_id,
    r.occurred_at
from captures.journal_rows as r
where r.entry_id > %(after)s
