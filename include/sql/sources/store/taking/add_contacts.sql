-- The rows that differ from what was last captured of their contact, and those of persons who become contacts. O(rows that differ).
insert into captures.contact_snapshots (
    snapshot_id, contact_id, account_id, name, email, primary_phone, custom_fields, created_at, deleted, merged_into
)
select
    %(snapshot_id)s,
    i.contact_id,
    i.account_id,
    i.name,
    i.email,
    i.primary_phone,
    i.custom_fields,
    i.created_at,
    i.deleted,
    i.merged_into
from incoming_contacts as i
left join captures.scope as k on i.contact_id = k.contact_id
left join lateral (
    select r.*
    from captures.contact_snapshots as r
    where r.contact_id = i.contact_id
    order by r.snapshot_id desc
    limit 1
) as l on true
where
    l.contact_id is null
    or (i.in_scope and k.since_snapshot_id is null)
    or (l.account_id, l.name, l.email, l.primary_phone, l.custom_fields, l.created_at, l.deleted, l.merged_into)
    is distinct from
    (i.account_id, i.name, i.email, i.primary_phone, i.custom_fields, i.created_at, i.deleted, i.merged_into)
