-- Every partner of Odoo as they are now, one row each, the company as tenant. In scope is who is not an internal user's. The primary phone
-- is phone, else mobile (until 18). Odoo cannot tell null, '' and false apart: a false is no value.
-- O(partners), each row once as JSON.
with
fields as materialized (
    select c.name
    from custom_fields_there as c
),

internal as (
    select distinct u.partner_id
    from res_users as u
    where not coalesce(u.share, false)
)

select
    p.id::bigint as contact_id,
    coalesce(p.company_id, 0)::bigint as account_id,
    nullif(p.name, '') as name,
    nullif(p.email, '') as email,
    coalesce(nullif(p.phone, ''), nullif(d.doc ->> 'mobile', '')) as primary_phone,
    coalesce(f.custom_fields, '{}'::jsonb) as custom_fields,
    p.create_date at time zone 'UTC' as created_at,
    not coalesce(p.active, true) as deleted,
    i.partner_id is null as in_scope,
    null::bigint as merged_into
from res_partner as p
cross join lateral (select to_jsonb(p) as doc order by 1 limit 1) as d  -- so once a row, not once a field
left join internal as i on p.id = i.partner_id
left join lateral (
    select jsonb_object_agg(c.name, d.doc -> c.name) as custom_fields
    from fields as c
    where coalesce(d.doc -> c.name, 'null'::jsonb) not in ('null'::jsonb, '""'::jsonb, 'false'::jsonb)
) as f on true
