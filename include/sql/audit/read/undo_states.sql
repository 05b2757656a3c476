-- How these contacts are now: one row for each field that has a value, and one without a field for whether the contact is there.
-- A contact that no capture has shown has none. O(contacts), by index.
select
    contact.contact_id,
    contact.account_id,
    field.field,
    field.value::text as value
from audit.contacts as contact
cross join lateral (
    select
        '' as field,
        to_jsonb(not contact.deleted) as value
    union all
    select
        built_in.field,
        to_jsonb(built_in.value) as value
    from (
        values
        ('account_id', contact.account_id),
        ('name', contact.name),
        ('email', contact.email),
        ('primary_phone', contact.primary_phone)
    ) as built_in (field, value)
    where not contact.deleted
    union all
    select
        'custom_fields.' || custom.key as field,
        custom.value
    from jsonb_each(contact.custom_fields) as custom
    where not contact.deleted
) as field
where
    contact.contact_id = any(%(contacts)s::text [])
    and field.value is not null
