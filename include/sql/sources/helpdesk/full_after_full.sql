-- What a full capture says of the contacts that differ from the full capture right before it; absence says it too.
-- O(contacts) in the database, O(rows that differ) on the way.
with
previous as (
    select p.*
    from contact_snapshots as p
    where
        p.snapshot_id = %(previous)s
        and not p.deleted
),

current_rows as (
    select c.*
    from contact_snapshots as c
    where
        c.snapshot_id = %(current)s
        and not c.deleted
)

select
    coalesce(c.contact_id, p.contact_id) as contact_id,
    %(current)s::bigint as snapshot_id,
    c.account_id,
    c.name,
    c.email,
    c.primary_phone,
    c.custom_fields::text as custom_fields,
    c.created_at_told as created_at,
    c.fault,
    c.note,
    c.whole,
    c.contact_id is not null as present
from previous as p
full join current_rows as c on p.contact_id = c.contact_id
where
    p.contact_id is null
    or c.contact_id is null
    or p.name is distinct from c.name
    or p.email is distinct from c.email
    or p.primary_phone is distinct from c.primary_phone
    or p.custom_fields is distinct from c.custom_fields
    or p.account_id is distinct from c.account_id
    or p.created_at is distinct from c.created_at
    or p.doubt is not null
    or c.fault is not null
