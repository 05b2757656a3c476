-- Which of the given windows have rows in the log or beside it. O(windows) index look-ups.
select w.window_end
from unnest(%(windows)s::timestamptz []) as w (window_end)
where
    exists (select 1 from audit.contact_audit_log as e where e.window_end = w.window_end)
    or exists (select 1 from audit.entries_without_event as e where e.window_end = w.window_end)
    or exists (select 1 from audit.rejected_rows as e where e.window_end = w.window_end)
    or exists (select 1 from audit.schema_changes as e where e.window_end = w.window_end)
