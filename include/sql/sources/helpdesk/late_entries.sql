-- The entries of a time that became visible after a moment. O(entries returned).
-- An infinite moment is none: Arrow cannot hold it.
select
    j.entry_id,
    j.occurred_at
from helpdesk.contact_journal as j
where
    j.recorded_at > %(recorded_after)s
    and j.recorded_at < 'infinity'
    and j.occurred_at > %(after)s
    and j.occurred_at <= %(until)s
