-- The newest rows of those that the adapter's journal.sql reads. One row each, at most as many as asked for.
select
    j.entry_id,
    j.contact_id,
    j.occurred_at,
    j.raw::text as raw
from (%(journal)s) as j
order by j.entry_id desc
limit %(most)s
