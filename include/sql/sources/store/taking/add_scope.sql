-- From when on the persons that came are told: once a contact, always one. O(rows that differ).
insert into captures.scope as k (contact_id, since_snapshot_id)
select
    i.contact_id,
    case when i.in_scope then %(snapshot_id)s::bigint end as since_snapshot_id
from incoming_contacts as i
on conflict (contact_id) do update set since_snapshot_id = excluded.since_snapshot_id
where
    k.since_snapshot_id is null
    and excluded.since_snapshot_id is not null
