-- Fields that changed for all contacts of an account at once, in a span [since, until), newest first; found: how many there
-- are, also beyond the limit. A parameter that is null lets all pass.
-- O(schema changes of the span), by the index on their windows: a change lies in its window.
select
    change.schema_change_id::text as schema_change_id,
    change.account_id,
    change.kind,
    change.field,
    change.renamed_to,
    change.contacts,
    change.occurred_after,
    change.occurred_at,
    change.previous_snapshot_id,
    change.snapshot_id,
    change.window_start,
    change.window_end,
    change.run_id,
    change.loaded_at,
    null as changes,
    count(*) over () as found
from audit.schema_changes as change
where
    (
        %(since)s::timestamptz is null
        or (change.window_end >= %(since)s::timestamptz and change.occurred_at >= %(since)s::timestamptz)
    )
    and (
        %(until)s::timestamptz is null
        or (
            change.window_end < %(until)s::timestamptz + interval '3 hours'
            and change.occurred_at < %(until)s::timestamptz
        )
    )
    and (%(field)s::text is null or %(field)s in (change.field, change.renamed_to))
order by
    change.occurred_at desc,
    change.schema_change_id desc
limit %(most)s
