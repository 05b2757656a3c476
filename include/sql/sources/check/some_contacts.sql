-- Some persons as the adapter's contacts.sql reads them. One row a person, at most as many as asked for, whichever.
select
    c.contact_id,
    c.account_id,
    c.name,
    c.email,
    c.primary_phone,
    c.custom_fields::text as custom_fields,
    jsonb_typeof(c.custom_fields) as custom_fields_are,
    c.created_at,
    c.deleted,
    c.in_scope,
    c.merged_into
from (%(contacts)s) as c
limit %(most)s -- noqa: AM09
