-- Journal entries that touched a contact without visible effect, newest first, from a place on: one page.
-- O(rows returned).
select
    entry.entry_id,
    entry.merged_into,
    entry.on_behalf_of,
    entry.occurred_at,
    entry.action,
    entry.author_type,
    entry.author_id,
    entry.author_name,
    host(entry.ip_address) as ip_address,
    entry.channel,
    entry.reason
from audit.entries_without_event as entry
where
    entry.contact_id = %(contact_id)s
    and (
        %(after_at)s::timestamptz is null
        or (entry.occurred_at, entry.entry_id) < (%(after_at)s::timestamptz, %(after_entry)s::bigint)
    )
order by entry.occurred_at desc, entry.entry_id desc
limit %(most)s
