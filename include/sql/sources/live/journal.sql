-- The journal's rows as the adapter's journal.sql reads them. One row a journal row; O(rows after an id).
-- A moment that no calendar of ours holds (infinite, or beyond the years 2 to 9998) is none; the raw copy keeps its text.
select
    j.entry_id,
    j.contact_id,
    case when j.occurred_at between '0002-01-01 UTC' and '9998-12-31 UTC' then j.occurred_at end as occurred_at,
    case
        when j.occurred_at not between '0002-01-01 UTC' and '9998-12-31 UTC'
            then coalesce(j.raw, '{}') || jsonb_build_object('occurred_at', j.occurred_at)
        else coalesce(j.raw, '{}')
    end::text as raw
from (%(journal)s) as j
where j.entry_id is not null
