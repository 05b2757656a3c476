-- The fields of partners that were added to this Odoo and have a column, with their labels, translated ones in English if there is.
select
    f.id,
    f.name::text as name,
    f.ttype::text as ttype,
    case jsonb_typeof(d.doc -> 'field_description')
        when 'object' then coalesce(d.doc -> 'field_description' ->> 'en_US', f.name::text)
        else d.doc ->> 'field_description'
    end as label
from ir_model_fields as f
cross join lateral (select to_jsonb(f) as doc) as d
where
    f.model = 'res.partner'
    and coalesce(d.doc ->> 'state', 'manual') = 'manual'
    and starts_with(f.name::text, 'x_')
    and f.ttype not in ('binary', 'one2many', 'many2many')
