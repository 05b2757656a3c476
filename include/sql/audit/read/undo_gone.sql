-- Fields that a schema change took from an account, and that no contact of it has had since: account, field, and when.
-- O(schema changes + contacts of the accounts that lost a field).
with told as (
    select
        change.account_id,
        change.field,
        change.kind = 'appeared' as is_there,
        change.window_end,
        change.occurred_at
    from audit.schema_changes as change
    union all
    select
        change.account_id,
        change.renamed_to as field,
        true as is_there,
        change.window_end,
        change.occurred_at
    from audit.schema_changes as change
    where change.kind = 'renamed'
),

last_told as (
    select distinct on (told.account_id, told.field) told.*
    from told
    where told.account_id = any(%(accounts)s::text [])
    order by
        told.account_id asc,
        told.field asc,
        told.window_end desc,
        told.occurred_at desc,
        told.is_there asc
)

select
    gone.account_id,
    gone.field,
    gone.occurred_at
from last_told as gone
where
    not gone.is_there
    and not exists (
        select 1
        from audit.contacts as contact
        where
            contact.account_id = gone.account_id
            and not contact.deleted
            and contact.custom_fields ? substr(gone.field, 15)
    )
