-- Where the entries without an event and the rejected rows of some windows, derived anew into incoming_without and incoming_rejected, and
-- those that stand beside the log differ: window_end, relation, contact_id, entry_id, is_logged. O(rows of these windows).
with derived as (
    select
        n.window_end,
        'entries_without_event' as relation,
        n.contact_id,
        n.entry_id,
        to_jsonb(n) - '{run_id,loaded_at}'::text [] as whole
    from incoming_without as n
    where n.window_end = any(%(windows)s::timestamptz [])
    union all
    select
        n.window_end,
        'rejected_rows',
        n.contact_id,
        n.entry_id,
        to_jsonb(n) - '{run_id,loaded_at,rejected_id}'::text []
    from incoming_rejected as n
    where n.window_end = any(%(windows)s::timestamptz [])
),

standing as (
    select
        e.window_end,
        'entries_without_event' as relation,
        e.contact_id,
        e.entry_id,
        to_jsonb(e) - '{run_id,loaded_at}'::text [] as whole
    from audit.entries_without_event as e
    where e.window_end = any(%(windows)s::timestamptz [])
    union all
    select
        e.window_end,
        'rejected_rows',
        e.contact_id,
        e.entry_id,
        to_jsonb(e) - '{run_id,loaded_at,rejected_id}'::text []
    from audit.rejected_rows as e
    where e.window_end = any(%(windows)s::timestamptz [])
),

only_derived as (
    select derived.*
    from derived
    except all
    select standing.*
    from standing
),

only_standing as (
    select standing.*
    from standing
    except all
    select derived.*
    from derived
)

select
    d.window_end,
    d.relation,
    d.contact_id,
    d.entry_id,
    false as is_logged
from only_derived as d
union all
select
    s.window_end,
    s.relation,
    s.contact_id,
    s.entry_id,
    true as is_logged
from only_standing as s
order by
    window_end,
    relation,
    entry_id,
    is_logged
