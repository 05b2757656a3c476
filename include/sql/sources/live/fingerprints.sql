-- A digest of each person's row, as the adapter's contacts.sql reads it. One row a person; O(persons) in the database.
select
    c.contact_id,
    hashtextextended(c::text, 0) as fingerprint
from (%(contacts)s) as c
where c.contact_id is not null
