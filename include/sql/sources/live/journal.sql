-- The journal's rows as the adapter's journal.sql reads them. One row a journal row; O(rows after an id).
-- An infinite moment is none: Arrow cannot hold it.
select
    j.entry_id,
    j.contact_id,
    case when isfinite(j.occurred_at) then j.occurred_at end as occurred_at,
    coalesce(j.raw, '{}')::text as raw
from (%(journal)s) as j
where j.entry_id is not null
