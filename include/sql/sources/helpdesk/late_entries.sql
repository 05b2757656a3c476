-- The entries of a time that became visible after a moment. O(entries returned).
-- One that says it became visible later than the source's clock, or never, may have done so at any time: it always counts as later.
-- An entry without a moment that can be told lies where it became visible: there it is looked for, and rejected.
select
    j.entry_id,
    coalesce(j.contact_id, 0) as contact_id,
    coalesce(j.occurred_at_told, j.recorded_at) as occurred_at
from contact_journal as j
where
    j.recorded_at > %(recorded_after)s
    and j.entry_id is not null
    and (
        (
            j.occurred_at > %(after)s
            and j.occurred_at <= %(until)s
        )
        or (
            j.occurred_at_told is null
            and j.recorded_at > %(after)s
            and j.recorded_at <= %(until)s
        )
    )
