-- The journal entries that the rows of the given windows rest on. O(rows of these windows).
select
    e.window_end,
    e.journal_entry_id as entry_id
from audit.contact_audit_log as e
where
    e.window_end = any(%(windows)s::timestamptz [])
    and e.journal_entry_id is not null
union all
select
    e.window_end,
    c.entry_id::bigint as entry_id
from audit.contact_audit_log as e
cross join lateral jsonb_array_elements_text(e.candidates) as c (entry_id)
where
    e.window_end = any(%(windows)s::timestamptz [])
    and e.candidates is not null
union all
select
    w.window_end,
    w.entry_id
from audit.entries_without_event as w
where w.window_end = any(%(windows)s::timestamptz [])
union all
select
    r.window_end,
    r.entry_id
from audit.rejected_rows as r
where
    r.window_end = any(%(windows)s::timestamptz [])
    and r.entry_id is not null
