-- What every transaction on the audit database relies on, within the transaction: a pooler may give each another connection, and a
-- role or a database may have settings of its own. One row: the encoding that the database stores text in, and whether its triggers
-- fire (origin) or not (replica, which only a superuser may set back).
select
    current_setting('server_encoding') as encoding,
    current_setting('session_replication_role') as triggers,
    set_config('client_encoding', 'UTF8', true) as client_encoding,
    set_config('timezone', 'UTC', true) as time_zone,
    set_config('datestyle', 'ISO, YMD', true) as date_style,
    set_config('intervalstyle', 'postgres', true) as interval_style,
    set_config('standard_conforming_strings', 'on', true) as plain_literals,
    set_config('quote_all_identifiers', 'off', true) as plain_names,
    set_config('bytea_output', 'hex', true) as bytes,
    set_config('extra_float_digits', '1', true) as digits,
    set_config('gin_fuzzy_search_limit', '0', true) as all_rows_of_an_index,
    set_config('search_path', 'pg_catalog', true) as search_path
