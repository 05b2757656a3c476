-- Every person. One row each.
select
    p.id as contact_id,
    0::bigint as account_id,
    p.name,
    p.email,
    p.phone as primary_phone,
    p.extra as custom_fields,
    p.created_at,
    false as deleted,
    true as in_scope,
    null::bigint as merged_into
from person as p
