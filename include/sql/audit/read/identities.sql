-- Who was merged into a contact, directly or on the way, the newest first, with the names of the newest capture. O(such contacts).
select
    identity.contact_id,
    contact.name,
    identity.merged_into,
    identity.merged_at,
    identity.event_id::text as event_id
from audit.contact_identities(%(contact_id)s) as identity
left join audit.contacts as contact on identity.contact_id = contact.contact_id
where identity.merged_into is not null
order by identity.merged_at desc, identity.contact_id asc
