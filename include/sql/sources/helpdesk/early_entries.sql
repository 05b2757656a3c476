-- The journal entries of a time of contacts of which a capture, the very first one, has a row that cannot be used; each judged by itself.
-- O(entries of that time) index look-ups.
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
cross join lateral (
    select 1 as there
    from contact_snapshots as r
    where
        r.snapshot_id = %(capture)s
        and r.contact_id = j.contact_id
        and r.fault is not null
    order by r.contact_id
    limit 1
) as u
where
    j.occurred_at > %(after)s
    and j.occurred_at <= %(until)s
