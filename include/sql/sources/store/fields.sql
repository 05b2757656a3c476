-- Labels and types of the custom fields. O(custom fields).
select
    f.account_id,
    'custom_fields.' || f.field_key as field,
    f.label,
    f.field_type
from captures.custom_fields as f
