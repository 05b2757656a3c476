-- The fields of partners that were added to this Odoo: label and type.
select
    0::bigint as account_id,
    'custom_fields.' || c.name as field,
    coalesce(nullif(c.label, ''), c.name) as label,
    case
        when c.ttype in ('integer', 'float', 'monetary') then 'number'
        when c.ttype in ('date', 'datetime') then 'date'
        when c.ttype = 'boolean' then 'checkbox'
        when c.ttype = 'selection' then 'dropdown'
        else 'text'
    end as field_type
from custom_fields_there as c
