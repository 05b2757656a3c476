-- The events of an export, newest first, as columns that a file can hold. A filter that is null lets all pass; of a list, any.
-- An author is given as kind:id, or as an id or a name. Read through a server-side cursor.
-- O(events of the span), or of the contacts given; the first rows come at once.
select
    event.event_id::text as event_id,
    event.account_id,
    event.contact_id,
    event.contact_name,
    event.action,
    event.author_type,
    event.author_id,
    event.author_name,
    host(event.ip_address) as ip_address,
    event.channel,
    event.occurred_at,
    event.occurred_after,
    event.activity,
    event.fields,
    event.changes::text as changes,
    event.attribution,
    event.journal_entry_id,
    event.candidates,
    event.previous_snapshot_id,
    event.snapshot_id,
    event.window_start,
    event.window_end,
    event.sequence,
    event.rules_version,
    event.run_id,
    event.loaded_at,
    event.merged_into,
    event.on_behalf_of
from audit.contact_activity as event
where
    event.occurred_at >= %(since)s
    and event.occurred_at < %(until)s
    and (%(contacts)s::text [] is null or event.contact_id = any(%(contacts)s::text []))
    and (%(actions)s::text [] is null or event.action = any(%(actions)s::text []))
    and (%(channels)s::text [] is null or event.channel = any(%(channels)s::text []))
    and (%(attributions)s::text [] is null or event.attribution = any(%(attributions)s::text []))
    and (%(fields)s::text [] is null or event.fields @> any(%(fields)s::jsonb []))
    and (
        %(authors)s::text [] is null
        or event.author_id = any(%(authors)s::text [])
        or event.author_name = any(%(authors)s::text [])
        or event.author_type || ':' || coalesce(event.author_id, event.author_name, '') = any(%(authors)s::text [])
    )
order by
    event.occurred_at desc,
    event.window_end desc,
    event.sequence desc,
    event.event_id desc
