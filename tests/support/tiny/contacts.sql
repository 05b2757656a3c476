-- Every person. One row each.
select
    p.id as contact_id,
    coalesce(p.account, 0) as account_id,
    p.name,
    p.email,
    p.phone as primary_phone,
    p.extra as custom_fields,
    p.created_at,
    not p.active as deleted,
    p.role = 'customer' as in_scope,
    p.merged_into
from person as p
