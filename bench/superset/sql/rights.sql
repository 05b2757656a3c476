-- What a login is beyond a login: the roles it is a member of, by any way, and its attributes.
select
    array(
        select granted.rolname::text
        from pg_roles as granted
        where
            pg_has_role(login.oid, granted.oid, 'member')
            and granted.oid <> login.oid
        order by granted.rolname
    ) as member_of,
    login.rolsuper or login.rolcreaterole or login.rolcreatedb or login.rolreplication or login.rolbypassrls as more_than_a_login
from pg_roles as login
where login.rolname = %(login)s
