-- What this user may read in the schemas of its search path: tables, views, materialized views, with their columns. One row a column.
select
    c.relname::text as relation,
    quote_ident(c.relname) as quoted,
    a.attname::text as column_name,
    format_type(a.atttypid, a.atttypmod) as data_type
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
inner join pg_attribute as a on c.oid = a.attrelid and a.attnum > 0 and not a.attisdropped
where
    n.nspname = any(current_schemas(false))
    and c.relkind in ('r', 'v', 'm', 'f', 'p')
    and pg_table_is_visible(c.oid)
    and has_column_privilege(c.oid, a.attnum, 'select')
order by c.relname, a.attnum
