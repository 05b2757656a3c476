-- Where the events of some windows, derived anew into incoming_events, and those of the log differ: window_end, contact_id, event_id,
-- columns (those that differ; null: it is on one side only), is_logged. run_id, loaded_at and rules_version are not of the evidence.
-- O(rows of these windows).
with logged as (
    select e.*
    from audit.contact_audit_log as e
    where e.window_end = any(%(windows)s::timestamptz [])
)

select
    coalesce(n.window_end, e.window_end) as window_end,
    coalesce(n.contact_id, e.contact_id) as contact_id,
    coalesce(n.event_id, e.event_id)::text as event_id,
    case
        when n.event_id is not null and e.event_id is not null
            then (
                select array_agg(one.key order by one.key)
                from jsonb_each(to_jsonb(n)) as one
                inner join jsonb_each(to_jsonb(e)) as other on one.key = other.key
                where
                    one.value is distinct from other.value
                    and one.key not in ('run_id', 'loaded_at', 'rules_version', 'fields')
            )
    end as columns,
    e.event_id is not null as is_logged
from (select i.* from incoming_events as i where i.window_end = any(%(windows)s::timestamptz [])) as n
full join logged as e on n.event_id = e.event_id and n.window_end = e.window_end
where (
    n.account_id, n.contact_id, n.action, n.author_type, n.author_id, n.author_name, n.ip_address, n.channel, n.occurred_at,
    n.occurred_after, n.sequence, n.changes, n.attribution, n.journal_entry_id, n.candidates, n.previous_snapshot_id,
    n.snapshot_id, n.window_start, n.window_end, n.merged_into, n.on_behalf_of
) is distinct from (
    e.account_id, e.contact_id, e.action, e.author_type, e.author_id, e.author_name, e.ip_address, e.channel, e.occurred_at,
    e.occurred_after, e.sequence, e.changes, e.attribution, e.journal_entry_id, e.candidates, e.previous_snapshot_id,
    e.snapshot_id, e.window_start, e.window_end, e.merged_into, e.on_behalf_of
)
order by
    window_end,
    contact_id,
    event_id
