-- The same as schema_changes.sql for those that changed a contact's values, with these values, as an event has them:
-- [{"field": ..., "old": ..., "new": ...}, ...].
-- O(schema changes of the contact): one index look-up where it has none.
with held as materialized (
    select
        held_value.schema_change_id,
        jsonb_agg(
            jsonb_build_object('field', held_value.field, 'old', held_value.old, 'new', held_value.new)
            order by held_value.field
        ) as changes
    from audit.schema_change_values as held_value
    where held_value.contact_id = %(contact_id)s
    group by held_value.schema_change_id
)

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
    held.changes::text as changes,
    count(*) over () as found
from held
inner join audit.schema_changes as change on held.schema_change_id = change.schema_change_id
where
    (%(since)s::timestamptz is null or change.occurred_at >= %(since)s::timestamptz)
    and (%(until)s::timestamptz is null or change.occurred_at < %(until)s::timestamptz)
    and (%(field)s::text is null or %(field)s in (change.field, change.renamed_to))
order by
    change.occurred_at desc,
    change.schema_change_id desc
limit %(most)s
