-- Every user of Zammad as they are now, one row each. In scope is who has no role of an agent or admin; user 1 is the system. The primary
-- phone is phone, else mobile. Custom fields are the columns that an administrator added.
-- O(users), each row once as JSON.
with
fields as materialized (
    select c.name
    from custom_fields_in_force as c
)

select
    u.id::bigint as contact_id,
    0::bigint as account_id,
    nullif(trim(concat_ws(' ', nullif(trim(u.firstname), ''), nullif(trim(u.lastname), ''))), '') as name,
    nullif(u.email, '') as email,
    coalesce(nullif(u.phone, ''), nullif(d.doc ->> 'mobile', '')) as primary_phone,
    coalesce(f.custom_fields, '{}'::jsonb) as custom_fields,
    u.created_at::timestamp at time zone 'UTC' as created_at,
    not u.active as deleted,
    u.id <> 1 and g.user_id is null as in_scope,
    null::bigint as merged_into
from users as u
cross join lateral (select to_jsonb(u) as doc order by 1 limit 1) as d  -- so once a row, not once a field
left join grants as g on u.id = g.user_id
left join lateral (
    select jsonb_object_agg(c.name, d.doc -> c.name) as custom_fields
    from fields as c
    where coalesce(d.doc -> c.name, 'null'::jsonb) not in ('null'::jsonb, '""'::jsonb, '[]'::jsonb)
) as f on true
