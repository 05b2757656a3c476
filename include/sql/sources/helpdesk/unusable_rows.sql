-- The rows of captures that cannot be used, with their reasons. O(rows of these captures).
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
    c.fault,
    null as note,
    c.whole
from contact_snapshots as c
where
    c.snapshot_id = any(%(captures)s::bigint [])
    and c.fault is not null
