-- The least that comparing two full captures can cost: the join of include/sql/sources/helpdesk/full_after_full.sql, counted.
select count(*)
from (
    select *
    from helpdesk.contact_snapshots
    where
        snapshot_id = 1
        and not deleted
) as p
full join (
    select *
    from helpdesk.contact_snapshots
    where
        snapshot_id = 2
        and not deleted
) as c on p.contact_id = c.contact_id
where
    p.contact_id is null
    or c.contact_id is null
    or p.name is distinct from c.name
    or p.email is distinct from c.email
    or p.primary_phone is distinct from c.primary_phone
    or p.custom_fields is distinct from c.custom_fields
    or p.account_id is distinct from c.account_id
