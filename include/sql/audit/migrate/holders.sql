-- Who has locks on the audit tables, oldest transaction first; since is null where this user may not see it. O(locks).
select
    held.pid,
    activity.usename as user_name,
    activity.application_name,
    activity.xact_start as since
from pg_locks as held
inner join pg_class as relation on held.relation = relation.oid
inner join pg_namespace as namespace on relation.relnamespace = namespace.oid
left join pg_stat_activity as activity on held.pid = activity.pid
where
    held.locktype = 'relation'
    and held.database = (select d.oid from pg_database as d where d.datname = current_database())
    and held.granted
    and namespace.nspname in ('audit', 'captures')
    and held.pid <> pg_backend_pid()
group by held.pid, activity.usename, activity.application_name, activity.xact_start
order by activity.xact_start nulls last, held.pid
