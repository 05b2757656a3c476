-- The raw journal rows that a capture saw first, contact by contact. One row each; O(rows returned).
select
    r.entry_id,
    r.contact_id,
    r.occurred_at,
    r.raw::text as raw
from captures.journal_rows as r
where r.seen_snapshot_id = %(snapshot_id)s
order by
    r.contact_id,
    r.entry_id
