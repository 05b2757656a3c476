-- Bring audit.contacts up to a newer capture. A contact that is gone, and of which the newer captures hold no values, keeps
-- its last ones. O(contacts given).
insert into audit.contacts as c (
    contact_id, account_id, name, email, primary_phone, custom_fields, created_at, deleted, snapshot_id
)
select
    n.contact_id,
    coalesce(v.account_id, '') as account_id,
    v.name,
    v.email,
    v.primary_phone,
    coalesce(v.custom_fields, '{}') as custom_fields,
    v.created_at,
    n.deleted,
    n.snapshot_id
from incoming_contacts as n
left join lateral (
    select p.*
    from audit.contacts as p
    where
        p.contact_id = n.contact_id
        and n.custom_fields is null
    order by p.contact_id
    limit 1 -- so that it stays a look-up, made only for those
) as o on true
cross join lateral (
    select
        case when o.contact_id is null then n.account_id else o.account_id end as account_id,
        case when o.contact_id is null then n.name else o.name end as name,
        case when o.contact_id is null then n.email else o.email end as email,
        case when o.contact_id is null then n.primary_phone else o.primary_phone end as primary_phone,
        case when o.contact_id is null then n.custom_fields else o.custom_fields end as custom_fields,
        case when o.contact_id is null then n.created_at else o.created_at end as created_at
) as v
where n.deleted is not null
order by n.contact_id
on conflict (contact_id) do update
set
    account_id = excluded.account_id,
    name = excluded.name,
    email = excluded.email,
    primary_phone = excluded.primary_phone,
    custom_fields = excluded.custom_fields,
    created_at = excluded.created_at,
    deleted = excluded.deleted,
    snapshot_id = excluded.snapshot_id
