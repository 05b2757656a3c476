-- A tombstone for each person that is gone and was not deleted before. O(persons gone).
insert into captures.contact_snapshots (snapshot_id, contact_id, account_id, created_at, deleted)
select
    %(snapshot_id)s,
    g.contact_id,
    l.account_id,
    l.created_at,
    true as deleted
from unnest(%(gone)s::bigint []) as g (contact_id)
cross join lateral (
    select r.*
    from captures.contact_snapshots as r
    where r.contact_id = g.contact_id
    order by r.snapshot_id desc
    limit 1
) as l
where not l.deleted
