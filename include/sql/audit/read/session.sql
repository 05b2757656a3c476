-- Once per connection: nothing can be written, and no statement runs for long. One row.
-- The role contact_audit_reader is taken on: its rights and its row-level security then hold, whoever logs in. taken_role is
-- null where there is no such role or it may not be taken on: then nothing must be read.
select
    set_config('default_transaction_read_only', 'on', false) as read_only,
    set_config('statement_timeout', %(milliseconds)s::text, false) as statement_timeout,
    set_config('timezone', 'UTC', false) as time_zone,
    (
        select set_config('role', reader.rolname, false)
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
