-- The journal entries without any moment that can be told, neither their own nor when they became visible. O(entries).
select
    j.entry_id,
    j.contact_id,
    j.account_id,
    null::timestamptz as occurred_at,
    null::timestamptz as recorded_at,
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
    j.occurred_at_told is null
    and j.recorded_at_told is null
