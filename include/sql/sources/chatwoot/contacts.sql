-- Every contact of every account as it is now, one row each. In scope is who has an email, a phone or an identifier: the rest are nameless
-- visitors. Custom fields are all custom attributes, defined or not.
-- O(contacts).
select
    c.id::bigint as contact_id,
    c.account_id::bigint as account_id,
    nullif(
        trim(concat_ws(' ', nullif(c.name, ''), nullif(to_jsonb(c) ->> 'middle_name', ''), nullif(to_jsonb(c) ->> 'last_name', ''))), ''
    ) as name,
    nullif(c.email, '') as email,
    nullif(c.phone_number, '') as primary_phone,
    coalesce(f.custom_fields, '{}'::jsonb) as custom_fields,
    c.created_at::timestamp at time zone 'UTC' as created_at,
    false as deleted,
    coalesce(nullif(c.email, ''), nullif(c.phone_number, ''), nullif(c.identifier, '')) is not null as in_scope,
    null::bigint as merged_into
from contacts as c
left join lateral (
    select jsonb_object_agg(a.key, a.value) as custom_fields
    from jsonb_each(case when jsonb_typeof(c.custom_attributes::jsonb) = 'object' then c.custom_attributes::jsonb end) as a
    where a.value not in ('null'::jsonb, '""'::jsonb)
) as f on true
