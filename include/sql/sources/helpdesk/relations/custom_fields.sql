-- The labels that can be used: one a field, and of several the first in order. One row a field; O(custom fields).
select distinct on (r.account_id, r.field_key)
    r.account_id,
    r.field_key,
    r.label,
    r.field_type
from read_custom_fields as r
where
    r.account_id is not null
    and r.field_key is not null
    and r.label is not null
    and r.field_type is not null
order by r.account_id, r.field_key, r.label, r.field_type
