-- The schema changes of some windows: schema_change_id, window_end. O(these).
select
    c.schema_change_id,
    c.window_end
from audit.schema_changes as c
where c.window_end = any(%(windows)s::timestamptz [])
order by c.schema_change_id
