-- The fields of users that an administrator added: label and type.
select
    0::bigint as account_id,
    'custom_fields.' || c.name as field,
    coalesce(nullif(c.display, ''), c.name) as label,
    case
        when c.data_type = 'integer' then 'number'
        when c.data_type in ('date', 'datetime') then 'date'
        when c.data_type = 'boolean' then 'checkbox'
        when c.data_type in ('select', 'tree_select') then 'dropdown'
        when c.data_type in ('multiselect', 'multi_tree_select') then 'multiple_choice'
        else 'text'
    end as field_type
from custom_fields_in_force as c
