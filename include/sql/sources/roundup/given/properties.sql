-- The properties of users that are custom fields: their column's name and type; null and 'multilink' where they have a table.
select
    substr(a.attname::text, 2) as property,
    a.attname::text as column_name,
    format_type(a.atttypid, null) as kind
from pg_attribute as a
where
    a.attrelid = '_user'::regclass and a.attnum > 0 and not a.attisdropped and starts_with(a.attname::text, '_')
    and a.attname not in (
        '_activity', '_actor', '_creation', '_creator', '__retired__', '_username', '_password', '_roles', '_realname', '_address', '_phone'
    )
union all
select
    m.property,
    null as column_name,
    'multilink' as kind
from multilinks as m
