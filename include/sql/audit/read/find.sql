-- Contacts that a text leads to by an index: the id itself, or the start of a name or an email. Best first.
-- O(contacts that start so). start: the text, escaped for like, with its wildcard at the end.
with found as (
    select
        contact.contact_id,
        1 as place
    from audit.contacts as contact
    where contact.contact_id = %(text)s
    union all
    (
        select
            contact.contact_id,
            2 as place
        from audit.contacts as contact
        where lower(left(contact.email, 200)) like lower(%(start)s)
        order by lower(left(contact.email, 200))
        limit %(most)s
    )
    union all
    (
        select
            contact.contact_id,
            3 as place
        from audit.contacts as contact
        where lower(left(contact.name, 200)) like lower(%(start)s)
        order by lower(left(contact.name, 200))
        limit %(most)s
    )
)

select
    contact.contact_id,
    contact.account_id,
    contact.name,
    contact.email,
    contact.primary_phone,
    contact.deleted
from (
    select
        found.contact_id,
        min(found.place) as place
    from found
    group by found.contact_id
) as best
inner join audit.contacts as contact on best.contact_id = contact.contact_id
order by best.place asc, contact.deleted asc, lower(contact.name) asc, contact.contact_id asc
limit %(most)s
