-- Events that pass the filters, newest first, from a place in that order on: one page. A filter that is null lets all pass.
-- O(rows returned) for one contact, or with no filter; O(their events) for several contacts; else O(events of the time asked for).
with page as materialized (
    select
        event.event_id,
        event.account_id,
        event.contact_id,
        event.action,
        event.author_type,
        event.author_id,
        event.author_name,
        event.ip_address,
        event.channel,
        event.occurred_at,
        event.occurred_after,
        event.sequence,
        event.changes,
        event.fields,
        event.attribution,
        event.journal_entry_id,
        event.candidates,
        event.previous_snapshot_id,
        event.snapshot_id,
        event.window_start,
        event.window_end,
        event.rules_version,
        event.run_id,
        event.loaded_at,
        event.merged_into,
        event.on_behalf_of
    from audit.contact_audit_log as event
    where
        (%(contact_id)s::text is null or event.contact_id = %(contact_id)s)
        and (%(contacts)s::text [] is null or event.contact_id = any(%(contacts)s::text []))
        and (%(event_id)s::uuid is null or event.event_id = %(event_id)s::uuid)
        and (%(action)s::text is null or event.action = %(action)s)
        and (%(kind)s::text is null or event.author_type = %(kind)s)
        and (
            %(author)s::text is null
            or event.author_id = %(author)s
            or (event.author_id is null and event.author_name = %(author)s)
        )
        and (%(author_name)s::text is null or event.author_name ilike %(author_name)s)
        and (%(channel)s::text is null or event.channel = %(channel)s)
        and (
            %(account)s::text is null
            or event.account_id = %(account)s
            -- a move stands under the account that it leaves, and is shown in both
            or event.changes @> %(moved_to)s::jsonb
        )
        and (%(attribution)s::text is null or event.attribution = %(attribution)s)
        -- as a JSON array of one: the index is on these
        and (%(field)s::jsonb is null or event.fields @> %(field)s::jsonb)
        and (%(since)s::timestamptz is null or event.occurred_at >= %(since)s::timestamptz)
        and (%(until)s::timestamptz is null or event.occurred_at < %(until)s::timestamptz)
        and (
            %(value)s::text is null
            -- cheap, and lets nearly all rows go before the exact condition below takes them apart
            or event.changes::text ilike %(value)s
        )
        and (
            %(value)s::text is null
            or exists (
                select 1
                from jsonb_to_recordset(event.changes) as change (old jsonb, new jsonb)
                where
                    change.old::text ilike %(value)s
                    or change.new::text ilike %(value)s
            )
        )
        -- the first condition lets partitions be left out, the second is the place itself
        and (%(after_at)s::timestamptz is null or event.occurred_at <= %(after_at)s::timestamptz)
        and (
            %(after_at)s::timestamptz is null
            or (event.occurred_at, event.window_end, event.sequence, event.event_id)
            < (
                %(after_at)s::timestamptz,
                %(after_window)s::timestamptz,
                %(after_sequence)s::integer,
                %(after_event)s::uuid
            )
        )
    order by
        event.occurred_at desc,
        event.window_end desc,
        event.sequence desc,
        event.event_id desc
    limit %(most)s
)

select
    page.event_id::text as event_id,
    page.account_id,
    page.contact_id,
    contact.name as contact_name,
    page.action,
    page.author_type,
    page.author_id,
    page.author_name,
    host(page.ip_address) as ip_address,
    page.channel,
    page.occurred_at,
    page.occurred_after,
    page.sequence,
    page.changes::text as changes,
    page.fields,
    page.attribution,
    page.journal_entry_id,
    page.candidates,
    page.previous_snapshot_id,
    page.snapshot_id,
    page.window_start,
    page.window_end,
    page.rules_version,
    page.run_id,
    page.loaded_at,
    page.merged_into,
    page.on_behalf_of
from page
left join audit.contacts as contact on page.contact_id = contact.contact_id
order by
    page.occurred_at desc,
    page.window_end desc,
    page.sequence desc,
    page.event_id desc
