-- Labels and types of the custom fields, as they are now. O(custom fields).
select
    f.account_id,
    'custom_fields.' || f.field_key as field,
    f.label,
    f.field_type
from custom_fields as f
