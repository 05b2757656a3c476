-- Who may write though he must not: role, privilege, relation. Everybody and the role of those who only read may change nothing, and
-- make nothing in these schemas. O(relations).
with whom as (
    select
        'public' as role,
        'everybody' as said
    union all
    select
        r.rolname,
        r.rolname
    from pg_roles as r
    where r.rolname = 'contact_audit_reader'
),

ours as (
    select
        c.oid,
        n.nspname || '.' || c.relname as relation
    from pg_class as c
    inner join pg_namespace as n on c.relnamespace = n.oid
    where
        n.nspname in ('audit', 'captures')
        and c.relkind in ('r', 'p', 'v', 'm')
)

select
    whom.said as role,
    lower(privilege.name) as privilege,
    ours.relation
from whom
cross join ours
cross join (values ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE'), ('TRIGGER')) as privilege (name)
where
    has_table_privilege(whom.role, ours.oid, privilege.name)
    or (privilege.name in ('INSERT', 'UPDATE') and has_any_column_privilege(whom.role, ours.oid, privilege.name))
union all
select
    whom.said,
    'create relations in',
    n.nspname
from whom
cross join pg_namespace as n
where
    n.nspname in ('audit', 'captures')
    and has_schema_privilege(whom.role, n.oid, 'CREATE')
order by
    role,
    relation,
    privilege
