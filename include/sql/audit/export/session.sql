-- Before an export, for its transaction: moments in UTC, a time limit for each statement (0: none), and the role
-- contact_audit_reader: its rights and its row-level security then hold, whoever logs in. taken_role is null where there is no
-- such role or it may not be taken on: then nothing must be read. One row.
select
    set_config('timezone', 'UTC', true) as time_zone,
    set_config('statement_timeout', %(milliseconds)s::text, true) as statement_timeout,
    (
        select set_config('role', reader.rolname, true)
        from pg_roles as reader
        where
            reader.rolname = 'contact_audit_reader'
            and case
                -- only since 16 may a member be kept from taking on the role
                when current_setting('server_version_num')::integer >= 160000
                    then pg_has_role(session_user, reader.oid, 'set')
                else pg_has_role(session_user, reader.oid, 'member')
            end
    ) as taken_role
