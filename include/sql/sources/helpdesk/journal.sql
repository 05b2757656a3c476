-- The journal entries of a time, each judged by itself; an entry without a moment that can be told is found by when it became
-- visible. O(entries returned).
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
    j.occurred_at > %(after)s
    and j.occurred_at <= %(until)s
union all
select
    j.entry_id,
    j.contact_id,
    j.account_id,
    null as occurred_at,
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
    j.occurred_at_told is null
    and j.recorded_at > %(after)s
    and j.recorded_at <= %(until)s
