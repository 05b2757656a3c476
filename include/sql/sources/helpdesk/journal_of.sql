-- The journal entries of some contacts in a time, each judged by itself. O(entries returned), by the index on contacts.
select
    j.entry_id,
    j.contact_id,
    j.account_id,
    j.occurred_at_told as occurred_at,
    j.recorded_at_told as recorded_at,
    j.action,
    j.author_type,
    j.author_id,
    j.author_name,
    j.ip_address,
    j.channel,
    j.changes,
    null::bigint as seen_snapshot_id,
    j.fault,
    j.note,
    j.whole
from contact_journal as j
where
    j.contact_id = any(%(contacts)s::bigint [])
    and j.occurred_at > %(after)s
    and j.occurred_at <= %(until)s
