-- Take the rows of the given windows out of the log that the new rows are not identical to, in every column but rules_version,
-- run_id and loaded_at, and keep them as superseded: what two versions of the rules say alike was not said anew, and the ledger knows
-- by which version its window was loaded last. Returns window_end and rows taken out. O(rows of these windows).
with
kept as (
    select
        n.event_id,
        n.occurred_at
    from incoming_events as n
    inner join audit.contact_audit_log as e
        on n.event_id = e.event_id and n.occurred_at = e.occurred_at
    where
        (
            n.account_id, n.contact_id, n.action, n.author_type, n.author_id, n.author_name, n.ip_address, n.channel,
            n.occurred_after, n.sequence, n.changes, n.attribution, n.journal_entry_id, n.candidates,
            n.previous_snapshot_id, n.snapshot_id, n.window_start, n.window_end, n.merged_into, n.on_behalf_of
        ) is not distinct from (
            e.account_id, e.contact_id, e.action, e.author_type, e.author_id, e.author_name, e.ip_address, e.channel,
            e.occurred_after, e.sequence, e.changes, e.attribution, e.journal_entry_id, e.candidates,
            e.previous_snapshot_id, e.snapshot_id, e.window_start, e.window_end, e.merged_into, e.on_behalf_of
        )
),

gone as (
    delete from audit.contact_audit_log as e
    where
        e.window_end = any(%(windows)s::timestamptz [])
        and not exists (
            select 1
            from kept as k
            where
                k.event_id = e.event_id
                and k.occurred_at = e.occurred_at
        )
    returning e.*
),

archived as (
    insert into audit.superseded_events (
        event_id, account_id, contact_id, action, author_type, author_id, author_name, ip_address, channel, occurred_at,
        occurred_after, sequence, changes, attribution, journal_entry_id, candidates, previous_snapshot_id, snapshot_id,
        window_start, window_end, rules_version, run_id, loaded_at, merged_into, on_behalf_of, superseded_by, reason
    )
    select
        g.event_id, g.account_id, g.contact_id, g.action, g.author_type, g.author_id, g.author_name, g.ip_address,
        g.channel, g.occurred_at, g.occurred_after, g.sequence, g.changes, g.attribution, g.journal_entry_id, g.candidates,
        g.previous_snapshot_id, g.snapshot_id, g.window_start, g.window_end, g.rules_version, g.run_id, g.loaded_at,
        g.merged_into, g.on_behalf_of, %(run_id)s, %(reason)s
    from gone as g
    returning window_end
)

select
    a.window_end,
    count(*) as superseded
from archived as a
group by a.window_end
