-- Labels and types.
select
    0::bigint as account_id,
    'custom_fields.' || f.key as field,
    f.label,
    f.kind as field_type
from field as f
