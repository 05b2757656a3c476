-- What the doctor asks of a helpdesk database in the reference schema: its clock, what the user may write to, and its indexes
-- as [table, [columns]]. One row. O(tables).
select
    clock_timestamp() as clock,
    (
        select coalesce(jsonb_agg(relation.relname order by relation.relname), '[]')
        from pg_class as relation
        inner join pg_namespace as namespace on relation.relnamespace = namespace.oid
        where
            namespace.nspname = 'helpdesk'
            and relation.relkind in ('r', 'p')
            and has_table_privilege(relation.oid, 'insert, update, delete')
    ) as writable,
    (
        select coalesce(jsonb_agg(relation.relname order by relation.relname), '[]')
        from pg_class as relation
        inner join pg_namespace as namespace on relation.relnamespace = namespace.oid
        where
            namespace.nspname = 'helpdesk'
            and relation.relkind in ('r', 'p')
    ) as tables,
    (
        select coalesce(jsonb_agg(jsonb_build_array(indexed.relname, indexed.columns)), '[]')
        from (
            select
                relation.relname,
                jsonb_agg(attribute.attname order by position.place) as columns
            from pg_index as index
            inner join pg_class as relation on index.indrelid = relation.oid
            inner join pg_namespace as namespace on relation.relnamespace = namespace.oid
            cross join unnest(index.indkey::smallint []) with ordinality as position (attnum, place)
            inner join pg_attribute as attribute
                on relation.oid = attribute.attrelid and position.attnum = attribute.attnum
            where
                namespace.nspname = 'helpdesk'
                and index.indisvalid
            group by
                index.indexrelid,
                relation.relname
        ) as indexed
    ) as indexes
