-- The journal entries of a time, as they are; an entry without a moment is found by when it became visible. O(entries returned).
-- An infinite moment is none: Arrow cannot hold it.
select
    j.entry_id,
    j.contact_id,
    j.account_id,
    j.occurred_at,
    case when isfinite(j.recorded_at) then j.recorded_at end as recorded_at,
    j.action,
    j.author_type,
    j.author_id,
    j.author_name,
    j.ip_address::text as ip_address,
    j.channel,
    j.changes::text as changes,
    null::bigint as seen_snapshot_id
from helpdesk.contact_journal as j
where
    j.occurred_at > %(after)s
    and j.occurred_at <= %(until)s
union all
select
    j.entry_id,
    j.contact_id,
    j.account_id,
    j.occurred_at,
    case when isfinite(j.recorded_at) then j.recorded_at end as recorded_at,
    j.action,
    j.author_type,
    j.author_id,
    j.author_name,
    j.ip_address::text as ip_address,
    j.channel,
    j.changes::text as changes,
    null::bigint as seen_snapshot_id
from helpdesk.contact_journal as j
where
    j.occurred_at is null
    and j.recorded_at > %(after)s
    and j.recorded_at <= %(until)s
