-- The properties of users that are custom fields, with their types.
select
    0::bigint as account_id,
    'custom_fields.' || p.property as field,
    p.property as label,
    case
        when p.kind = 'multilink' then 'multiple_choice'
        when l.class is not null and l.class <> 'user' then 'dropdown'
        when p.kind = 'boolean' then 'checkbox'
        when starts_with(p.kind, 'timestamp') then 'date'
        when p.kind in ('integer', 'real', 'double precision', 'bigint', 'numeric') and l.class is null then 'number'
        else 'text'
    end as field_type
from properties as p
left join linked as l on p.property = l.property
