-- The custom attributes defined for contacts, account by account: label and type.
select distinct on (d.account_id, d.attribute_key)
    d.account_id::bigint as account_id,
    'custom_fields.' || d.attribute_key as field,
    coalesce(nullif(d.attribute_display_name, ''), d.attribute_key)::text as label,
    case d.attribute_display_type
        when 1 then 'number'
        when 2 then 'number'
        when 3 then 'number'
        when 5 then 'date'
        when 6 then 'dropdown'
        when 7 then 'checkbox'
        else 'text'
    end as field_type
from custom_attribute_definitions as d
where d.attribute_model = 1 and d.attribute_key <> '' and d.account_id is not null
order by d.account_id asc, d.attribute_key asc
