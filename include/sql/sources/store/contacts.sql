-- Each contact that the captures of a stretch (after, until] mention: its last values in one of them (null custom_fields: none),
-- whether it is deleted, and when a capture last mentioned it. One row a contact; O(rows of those captures).
select distinct on (r.contact_id)
    r.contact_id,
    r.account_id,
    r.name,
    r.email,
    r.primary_phone,
    case when not r.deleted and jsonb_typeof(r.custom_fields) = 'object' then r.custom_fields::text end as custom_fields,
    r.created_at,
    first_value(r.deleted) over (partition by r.contact_id order by r.snapshot_id desc) as deleted,
    r.snapshot_id,
    max(s.captured_at) over (partition by r.contact_id) as seen_at
from captures.snapshots as s
inner join captures.contact_snapshots as r on s.snapshot_id = r.snapshot_id
inner join captures.scope as k on r.contact_id = k.contact_id
where
    s.captured_at > %(after)s
    and s.captured_at <= %(until)s
    and k.since_snapshot_id <= %(newest)s
order by
    r.contact_id asc,
    (not r.deleted and jsonb_typeof(r.custom_fields) = 'object') desc,
    r.snapshot_id desc
