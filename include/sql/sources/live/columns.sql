-- Which columns the given relations have (tables, views, materialized views), and whether this user may read them. One row a column, one
-- without a column for a relation that is not there; O(columns).
select
    wanted.relation,
    a.attname::text as column_name,
    coalesce(has_column_privilege(c.oid, a.attnum, 'select'), false) as readable
from unnest(%(relations)s::text []) as wanted (relation)
left join pg_class as c on c.oid = to_regclass(wanted.relation)
left join pg_attribute as a
    on
        c.oid = a.attrelid
        and a.attnum > 0
        and not a.attisdropped
