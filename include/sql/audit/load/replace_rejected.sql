-- The same for the rejected rows: what is identical stays, all else of the given windows is replaced.
with
gone as (
    delete from audit.rejected_rows as e
    where
        e.window_end = any(%(windows)s::timestamptz [])
        and not exists (
            select 1
            from incoming_rejected as n
            where
                n.window_end = e.window_end
                and (n.relation, n.entry_id, n.snapshot_id, n.contact_id, n.used, n.row, n.reason)
                is not distinct from (e.relation, e.entry_id, e.snapshot_id, e.contact_id, e.used, e.row, e.reason)
        )
    returning e.rejected_id
)

select count(*) as replaced from gone
