-- Every user of the tracker as they are now, one row each. In scope is who has no role. Custom fields are all other properties, links by
-- what they are called; a link to another user stays his id, for people are renamed.
-- O(users + values).
with
links as materialized (
    select
        l.property,
        l.class
    from linked as l
),

fields_of_users as materialized (
    select
        p.property,
        p.column_name,
        p.kind
    from properties as p
),

held as (
    select
        u.id,
        p.property,
        case
            when l.class = 'user' then to_jsonb(c.content #>> '{}')
            when l.class is not null then to_jsonb(coalesce(k.label, c.content #>> '{}'))
            when starts_with(p.kind, 'timestamp') then to_jsonb(replace(c.content #>> '{}', 'T00:00:00', ''))
            else c.content
        end as content
    from _user as u
    cross join lateral jsonb_each(to_jsonb(u)) as c (column_name, content)
    inner join fields_of_users as p on c.column_name = p.column_name
    left join links as l on p.property = l.property
    left join class_labels as k
        on l.class = k.class and l.class <> 'user' and k.id::text = c.content #>> '{}'
    where c.content <> 'null'::jsonb and c.content <> '""'::jsonb
    union all
    select
        m.nodeid,
        m.property,
        jsonb_agg(coalesce(case when l.class <> 'user' then k.label end, m.linkid::text) order by m.linkid) as content
    from property_links as m
    left join links as l on m.property = l.property
    left join class_labels as k on l.class = k.class and m.linkid = k.id
    group by m.nodeid, m.property
),

fields as (
    select
        h.id,
        jsonb_object_agg(h.property, h.content) as custom_fields
    from held as h
    group by h.id
)

select
    u.id::bigint as contact_id,
    0::bigint as account_id,
    nullif(u._realname, '') as name,
    nullif(u._address, '') as email,
    nullif(u._phone, '') as primary_phone,
    coalesce(f.custom_fields, '{}'::jsonb) as custom_fields,
    u._creation at time zone 'UTC' as created_at,
    u.__retired__ <> 0 as deleted,
    trim(coalesce(u._roles, '')) = '' as in_scope,
    null::bigint as merged_into
from _user as u
left join fields as f on u.id = f.id
