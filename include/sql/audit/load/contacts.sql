-- Bring audit.contacts up to a newer capture. A contact that is gone keeps its last values, marked deleted. O(contacts given).
insert into audit.contacts as c (
    contact_id, account_id, name, email, primary_phone, custom_fields, created_at, deleted, snapshot_id
)
select
    n.contact_id,
    coalesce(n.account_id, '') as account_id,
    n.name,
    n.email,
    n.primary_phone,
    coalesce(n.custom_fields, '{}') as custom_fields,
    n.created_at,
    n.deleted,
    n.snapshot_id
from incoming_contacts as n
order by n.contact_id
on conflict (contact_id) do update
set
    account_id = case when excluded.deleted then c.account_id else excluded.account_id end,
    name = case when excluded.deleted then c.name else excluded.name end,
    email = case when excluded.deleted then c.email else excluded.email end,
    primary_phone = case when excluded.deleted then c.primary_phone else excluded.primary_phone end,
    custom_fields = case when excluded.deleted then c.custom_fields else excluded.custom_fields end,
    created_at = case when excluded.deleted then c.created_at else excluded.created_at end,
    deleted = excluded.deleted,
    snapshot_id = excluded.snapshot_id
