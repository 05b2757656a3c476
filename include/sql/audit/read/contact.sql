-- A contact as of the newest loaded capture. One row or none.
select
    contact.contact_id,
    contact.account_id,
    contact.name,
    contact.email,
    contact.primary_phone,
    contact.custom_fields::text as custom_fields,
    contact.created_at,
    contact.deleted,
    true as captured
from audit.contacts as contact
where contact.contact_id = %(contact_id)s
