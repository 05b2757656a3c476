-- Odoo's messages about partners that track values, with an id above %(after)s, oldest first: one a save, with all of its values, and the
-- author as at first sight, and the partner in whose name the message stands where that is another. O(messages after the id).
select
    m.id::bigint as entry_id,
    m.res_id::bigint as contact_id,
    m.date at time zone 'UTC' as occurred_at,
    jsonb_build_object(
        'values', t.tracked,
        'company', p.company_id,
        'has_mobile', to_jsonb(p) ? 'mobile',
        'author_id', m.create_uid,
        'author_partner', u.partner_id,
        'author', a.name,
        'login', u.login,
        'share', u.share,
        'other_id', o.id,
        'other', o.name
    ) as raw
from mail_message as m
inner join lateral (
    select
        jsonb_agg(
            jsonb_build_object(
                'name', f.name,
                'ttype', f.ttype,
                'custom', c.id is not null,
                'old', (
                    select jsonb_object_agg(substr(v.key, 11), v.value)
                    from jsonb_each(d.doc) as v
                    where starts_with(v.key, 'old_value_')
                ),
                'new', (
                    select jsonb_object_agg(substr(v.key, 11), v.value)
                    from jsonb_each(d.doc) as v
                    where starts_with(v.key, 'new_value_')
                )
            )
            order by f.name
        ) as tracked
    from mail_tracking_value as t
    cross join lateral (select to_jsonb(t) as doc) as d
    -- The field is known by its id, in old versions by its name.
    inner join ir_model_fields as f
        on f.model = 'res.partner' and coalesce(d.doc ->> 'field_id', d.doc ->> 'field') in (f.id::text, f.name::text)
    left join custom_fields_there as c on f.id = c.id
    where t.mail_message_id = m.id
) as t on t.tracked is not null
left join res_partner as p on m.res_id = p.id
left join res_users as u on m.create_uid = u.id
left join res_partner as a on u.partner_id = a.id
left join res_partner as o on m.author_id = o.id and o.id is distinct from u.partner_id
where m.model = 'res.partner' and m.id > %(after)s
order by m.id
