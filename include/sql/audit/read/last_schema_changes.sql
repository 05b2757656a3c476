-- For each field of a contact that a schema change, and no later event, has made what it was at a moment: that schema change.
-- The order is that of contact_history: what appeared is there before the events between its two captures, and holds from
-- the first of them on; what disappeared goes after them.
-- O(the contact's schema changes, and its events since the first of them): one index look-up where it has none.
with held as materialized (
    select
        held_value.schema_change_id,
        held_value.field,
        held_value.old = 'null' as appeared
    from audit.schema_change_values as held_value
    where held_value.contact_id = %(contact_id)s
),

made as materialized (
    select
        held.field,
        held.appeared,
        change.schema_change_id,
        change.occurred_after,
        change.occurred_at,
        change.snapshot_id,
        change.window_end
    from held
    inner join audit.schema_changes as change on held.schema_change_id = change.schema_change_id
),

happened as materialized (
    select
        event.occurred_at,
        event.window_end,
        event.snapshot_id,
        event.fields
    from audit.contact_audit_log as event
    where
        event.contact_id = %(contact_id)s
        and event.occurred_at > (select min(first.occurred_after) from made as first)
        and event.occurred_at <= %(at)s::timestamptz
)

select distinct on (made.field)
    made.field,
    made.schema_change_id::text as schema_change_id,
    made.occurred_after,
    made.occurred_at
from made
where
    (
        made.occurred_at <= %(at)s::timestamptz
        or (
            made.appeared
            and exists (
                select 1
                from happened as between_them
                where
                    between_them.window_end = made.window_end
                    and between_them.snapshot_id = made.snapshot_id
            )
        )
    )
    and not exists (
        select 1
        from happened as later
        where
            later.fields ? made.field
            and (
                later.window_end > made.window_end
                or (
                    later.window_end = made.window_end
                    and later.occurred_at > case when made.appeared then made.occurred_after else made.occurred_at end
                )
            )
    )
order by
    made.field asc,
    made.window_end desc,
    made.occurred_at desc
