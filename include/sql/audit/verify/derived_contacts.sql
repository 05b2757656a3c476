-- Where audit.contacts and the states of the capture that it shows, read anew into incoming_contacts, differ: contact_id, columns (null:
-- it is on one side only), is_shown, and both custom_fields (JSON texts; jsonb compares lists by their order). Of one
-- that is gone, its last values are not compared. O(contacts).
select
    coalesce(n.contact_id, c.contact_id) as contact_id,
    case
        when n.contact_id is not null and c.contact_id is not null
            then array_remove(
                array[
                    case when n.deleted is distinct from c.deleted then 'deleted' end,
                    case when not c.deleted and coalesce(n.account_id, '') <> c.account_id then 'account_id' end,
                    case when not c.deleted and n.name is distinct from c.name then 'name' end,
                    case when not c.deleted and n.email is distinct from c.email then 'email' end,
                    case when not c.deleted and n.primary_phone is distinct from c.primary_phone then 'primary_phone' end,
                    case when not c.deleted and coalesce(n.custom_fields, '{}') <> c.custom_fields then 'custom_fields' end
                ],
                null
            )
    end as columns,
    c.contact_id is not null as is_shown,
    n.custom_fields::text as expected,
    c.custom_fields::text as found
from incoming_contacts as n
full join audit.contacts as c on n.contact_id = c.contact_id
where
    (n.contact_id is null and not c.deleted)
    or (c.contact_id is null and not n.deleted)
    or n.deleted <> c.deleted
    or (
        not c.deleted
        and (coalesce(n.account_id, ''), n.name, n.email, n.primary_phone, coalesce(n.custom_fields, '{}'))
        is distinct from (c.account_id, c.name, c.email, c.primary_phone, c.custom_fields)
    )
order by contact_id
