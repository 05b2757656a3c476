-- Custom fields of Request Tracker's users: label and type.
select
    0::bigint as account_id,
    'custom_fields.' || f.name
    || case when row_number() over (partition by f.name order by f.id) > 1 then ' #' || f.id else '' end as field,
    f.name::text as label,
    case
        when f.maxvalues <> 1 then 'multiple_choice'
        when f.type in ('Date', 'DateTime') then 'date'
        when f.type in ('Select', 'Combobox') then 'dropdown'
        else 'text'
    end as field_type
from customfields as f
where f.lookuptype = 'RT::User' and f.name <> ''
