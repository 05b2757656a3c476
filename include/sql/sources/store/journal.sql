-- The entries that were first seen in the captures of a stretch (seen_after, seen_until], and of those that the first usable capture
-- saw, whatever it copied, the ones that happened in (after, until]. Only of persons who are told by then. O(entries returned).
-- Who was never captured is told: nothing says that it was no contact.
select
    j.entry_id,
    j.contact_id,
    j.account_id,
    j.occurred_at,
    j.recorded_at,
    j.action,
    j.author_type,
    j.author_id,
    j.author_name,
    host(j.ip_address) as ip_address,
    j.channel,
    j.changes::text as changes,
    j.seen_snapshot_id,
    j.merged_into::text as merged_into,
    j.on_behalf_of
from captures.contact_journal as j
left join captures.scope as k on j.contact_id = k.contact_id
where
    j.seen_snapshot_id > greatest(%(seen_after)s, %(first)s)
    and j.seen_snapshot_id <= %(seen_until)s
    and (k.contact_id is null or k.since_snapshot_id <= j.seen_snapshot_id)
union all
select
    j.entry_id,
    j.contact_id,
    j.account_id,
    j.occurred_at,
    j.recorded_at,
    j.action,
    j.author_type,
    j.author_id,
    j.author_name,
    host(j.ip_address) as ip_address,
    j.channel,
    j.changes::text as changes,
    j.seen_snapshot_id,
    j.merged_into::text as merged_into,
    j.on_behalf_of
from captures.contact_journal as j
left join captures.scope as k on j.contact_id = k.contact_id
where
    coalesce(j.occurred_at, j.recorded_at) > %(after)s
    and coalesce(j.occurred_at, j.recorded_at) <= %(until)s
    and j.seen_snapshot_id <= %(first)s
    and (k.contact_id is null or k.since_snapshot_id <= %(first)s)
