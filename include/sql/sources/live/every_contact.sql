-- Every person as the adapter's contacts.sql reads it, with its digest. One row a person; O(persons).
-- An infinite moment is none: Arrow cannot hold it.
select
    c.contact_id,
    coalesce(c.account_id, 0) as account_id,
    c.name,
    c.email,
    c.primary_phone,
    coalesce(c.custom_fields, '{}')::text as custom_fields,
    case when isfinite(c.created_at) then c.created_at end as created_at,
    coalesce(c.deleted, false) or c.merged_into is not null as deleted,
    coalesce(c.in_scope, true) as in_scope,
    c.merged_into,
    hashtextextended(c::text, 0) as fingerprint
from (%(contacts)s) as c
where c.contact_id is not null
