-- How many contacts these accounts have, as of the newest loaded capture. O(contacts of these accounts).
select
    contact.account_id,
    count(*) as contacts
from audit.contacts as contact
where
    contact.account_id = any(%(accounts)s)
    and not contact.deleted
group by contact.account_id
