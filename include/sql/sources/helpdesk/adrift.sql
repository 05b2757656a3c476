-- The rows of captures that have no key: those that name no contact, in the captures of a time; and the rows of no capture that
-- can be used (%(of_none)s: whether to read those). At most 10,000 of them, by their keys. O(rows of all captures).
select
    c.contact_id,
    c.snapshot_id,
    c.account_id,
    c.name,
    c.email,
    c.primary_phone,
    null as custom_fields,
    null::timestamptz as created_at,
    true as present,
    case
        when s.snapshot_id is null and c.snapshot_id is not null
            then 'snapshot_id ' || c.snapshot_id || ' is no capture that can be used'
        else c.doubt
    end as fault,
    null as note,
    c.raw as whole
from contact_rows as c
left join snapshots as s on c.snapshot_id = s.snapshot_id
where
    case
        when s.snapshot_id is null then %(of_none)s
        else c.contact_id is null and s.captured_at > %(after)s and s.captured_at <= %(until)s
    end
    and (s.snapshot_id is null or s.snapshot_id <> all(%(ignored)s::bigint []))
order by c.snapshot_id asc, c.contact_id asc, c.raw collate "C" asc
limit 10000
