-- The entries that were first seen in the captures of a stretch (seen_after, seen_until], and of those that the first usable capture
-- saw, whatever it copied, the ones that happened in (after, until]. Only of persons who are told by then. O(entries returned).
-- Who was not captured by then is told, whatever comes later: nothing said that it was no contact. A raw row without contact or moment
-- can be no entry: it comes whole, to be set aside; one without moment as of the capture that saw it.
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
    j.on_behalf_of,
    null as whole
from captures.contact_journal as j
left join captures.scope as k on j.contact_id = k.contact_id
where
    j.seen_snapshot_id > greatest(%(seen_after)s, %(first)s)
    and j.seen_snapshot_id <= %(seen_until)s
    and (
        k.contact_id is null
        or k.since_snapshot_id <= j.seen_snapshot_id
        or not exists (
            select 1
            from captures.contact_snapshots as r
            where
                r.contact_id = j.contact_id
                and r.snapshot_id <= j.seen_snapshot_id
        )
    )
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
    j.on_behalf_of,
    null as whole
from captures.contact_journal as j
left join captures.scope as k on j.contact_id = k.contact_id
where
    coalesce(j.occurred_at, j.recorded_at) > %(after)s
    and coalesce(j.occurred_at, j.recorded_at) <= %(until)s
    and j.seen_snapshot_id <= %(first)s
    and (
        k.contact_id is null
        or k.since_snapshot_id <= %(first)s
        or not exists (
            select 1
            from captures.contact_snapshots as r
            where
                r.contact_id = j.contact_id
                and r.snapshot_id <= %(first)s
        )
    )
union all
select
    case when r.entry_id < 1::bigint << 48 then r.entry_id + ((r.epoch - 1)::bigint << 48) else r.entry_id end as entry_id,
    r.contact_id,
    null as account_id,
    r.occurred_at,
    s.captured_at as recorded_at,
    null as action,
    null as author_type,
    null as author_id,
    null as author_name,
    null as ip_address,
    null as channel,
    null as changes,
    s.snapshot_id as seen_snapshot_id,
    null as merged_into,
    null as on_behalf_of,
    json_build_object('entry_id', r.entry_id, 'contact_id', r.contact_id, 'occurred_at', r.occurred_at, 'raw', r.raw)::text as whole
from captures.snapshots as s
cross join lateral (
    select n.*
    from captures.journal_rows as n
    where
        n.seen_snapshot_id = s.snapshot_id
        and n.contact_id is null
    union all
    select d.*
    from captures.journal_rows as d
    where
        d.seen_snapshot_id = s.snapshot_id
        and d.contact_id is not null
        and d.occurred_at is null
        and (s.snapshot_id > %(first)s or (s.captured_at > %(after)s and s.captured_at <= %(until)s))
) as r
where
    s.entries > 0
    and s.snapshot_id <= greatest(%(seen_until)s, %(first)s)
    and (
        s.snapshot_id > greatest(%(seen_after)s, %(first)s)
        or (
            s.snapshot_id <= %(first)s
            and coalesce(r.occurred_at, s.captured_at) > %(after)s
            and coalesce(r.occurred_at, s.captured_at) <= %(until)s
        )
    )
