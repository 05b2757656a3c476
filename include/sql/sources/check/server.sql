-- What of the server and of this user matters to the reading. One row; O(1).
select
    current_user::text as user_name,
    current_setting('server_version') as version,
    current_setting('server_encoding') as encoding,
    (select r.rolsuper from pg_roles as r where r.rolname = current_user) as superuser,
    pg_is_in_recovery() as replica,
    clock_timestamp() as moment
