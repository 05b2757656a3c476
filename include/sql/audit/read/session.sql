-- At the beginning of each transaction, and for it alone (a pooler may give the next one another connection): no statement runs for
-- long, and what reading relies on. One row.
-- The role contact_audit_reader is taken on: its rights and its row-level security then hold, whoever logs in. taken_role is
-- null where there is no such role or it may not be taken on: then nothing must be read.
select
    set_config('statement_timeout', %(milliseconds)s::text, true) as statement_timeout,
    set_config('client_encoding', 'UTF8', true) as client_encoding,
    set_config('timezone', 'UTC', true) as time_zone,
    set_config('datestyle', 'ISO, YMD', true) as date_style,
    set_config('intervalstyle', 'postgres', true) as interval_style,
    set_config('standard_conforming_strings', 'on', true) as plain_literals,
    set_config('quote_all_identifiers', 'off', true) as plain_names,
    set_config('bytea_output', 'hex', true) as bytes,
    set_config('extra_float_digits', '1', true) as digits,
    set_config('gin_fuzzy_search_limit', '0', true) as all_rows_of_an_index,
    set_config('search_path', 'pg_catalog', true) as search_path,
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
