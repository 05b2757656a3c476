-- Contacts with a text anywhere in their name or email, or with these digits in their phone number.
-- O(contacts): asked only where the indexes did not find enough. inside, digits: escaped for like, with wildcards around;
-- digits null: too few to look for.
select
    contact.contact_id,
    contact.account_id,
    contact.name,
    contact.email,
    contact.primary_phone,
    contact.deleted
from audit.contacts as contact
where
    lower(contact.name) like lower(%(inside)s)
    or lower(contact.email) like lower(%(inside)s)
    or (
        %(digits)s::text is not null
        and regexp_replace(contact.primary_phone, '\D', '', 'g') like %(digits)s
    )
order by contact.deleted asc, lower(contact.name) asc, contact.contact_id asc
limit %(most)s
