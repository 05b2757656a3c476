-- A contact as of the newest loaded capture; one that no capture holds, by its newest event alone. One row or none.
select
    named.contact_id,
    coalesce(contact.account_id, newest.account_id) as account_id,
    contact.name,
    contact.email,
    contact.primary_phone,
    contact.custom_fields::text as custom_fields,
    contact.created_at,
    coalesce(contact.deleted, true) as deleted,
    contact.contact_id is not null as captured
from (select %(contact_id)s::text as contact_id) as named
left join audit.contacts as contact on named.contact_id = contact.contact_id
left join lateral (
    select event.account_id
    from audit.contact_audit_log as event
    where event.contact_id = named.contact_id
    order by event.occurred_at desc
    limit 1
) as newest on true
where coalesce(contact.account_id, newest.account_id) is not null
