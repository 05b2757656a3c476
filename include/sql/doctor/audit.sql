-- What the doctor asks of a migrated audit database: its clock, whether the log can be loaded and the reader's role be taken on,
-- and where the last yearly partition ends. One row. O(partitions).
select
    clock_timestamp() as clock,
    has_table_privilege('audit.contact_audit_log', 'insert') as may_write,
    coalesce(
        (
            select pg_has_role(session_user, reader.oid, 'member')
            from pg_roles as reader
            where reader.rolname = 'contact_audit_reader'
        ),
        false
    ) as reader_role,
    (
        select max((regexp_match(pg_get_expr(part.relpartbound, part.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz)
        from pg_inherits as inherited
        inner join pg_class as part on inherited.inhrelid = part.oid
        where inherited.inhparent = 'audit.contact_audit_log'::regclass
    ) as partitions_until
