-- Take out the schema changes of the given windows that are not among the given ids, with their values; the ids that are there.
-- O(windows) index look-ups.
with
gone as (
    delete from audit.schema_changes as s
    where
        s.window_end = any(%(windows)s::timestamptz [])
        and s.schema_change_id <> all(%(ids)s::uuid [])
    returning s.schema_change_id
)

select s.schema_change_id
from audit.schema_changes as s
where
    s.schema_change_id = any(%(ids)s::uuid [])
    and s.schema_change_id not in (select g.schema_change_id from gone as g)
