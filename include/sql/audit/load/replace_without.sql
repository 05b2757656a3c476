-- The same for the entries without an event: what is identical stays, all else of the given windows is replaced.
with
gone as (
    delete from audit.entries_without_event as e
    where
        e.window_end = any(%(windows)s::timestamptz [])
        and not exists (
            select 1
            from incoming_without as n
            where
                n.entry_id = e.entry_id
                and n.window_end = e.window_end
                and (
                    n.account_id, n.contact_id, n.occurred_at, n.action, n.author_type, n.author_id, n.author_name,
                    n.ip_address, n.channel, n.reason, n.merged_into, n.on_behalf_of
                ) is not distinct from (
                    e.account_id, e.contact_id, e.occurred_at, e.action, e.author_type, e.author_id, e.author_name,
                    e.ip_address, e.channel, e.reason, e.merged_into, e.on_behalf_of
                )
        )
    returning e.entry_id, e.window_end
)

select count(*) as replaced from gone
