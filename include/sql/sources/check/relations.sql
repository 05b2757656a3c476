-- About how many rows the given relations hold (-1: never analyzed), and whether this user may write to them. One row each; O(1).
select
    wanted.relation,
    c.reltuples::bigint as rows_about,
    coalesce(has_table_privilege(c.oid, 'insert, update, delete, truncate'), false) as may_write
from unnest(%(relations)s::text []) as wanted (relation)
left join pg_class as c on c.oid = to_regclass(wanted.relation)
