-- The entries of a time that became visible after a moment. O(entries returned).
-- One that says it became visible later than the source's clock, or never, may have done so at any time: it always counts as later.
select
    j.entry_id,
    j.occurred_at
from helpdesk.contact_journal as j
where
    j.recorded_at > %(recorded_after)s
    and j.occurred_at > %(after)s
    and j.occurred_at <= %(until)s
