-- The columns of the reference schema that are there. One row a column; O(1).
select
    c.table_name::text as relation,
    c.column_name::text as column_name
from information_schema.columns as c
where
    c.table_schema = 'helpdesk'
    and c.table_name in ('snapshots', 'contact_snapshots', 'contact_journal', 'custom_fields')
