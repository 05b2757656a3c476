-- A contact that no capture holds, by its newest event alone: as contact.sql. One row or none.
select
    event.contact_id,
    event.account_id,
    null as name,
    null as email,
    null as primary_phone,
    null as custom_fields,
    null::timestamptz as created_at,
    true as deleted,
    false as captured
from audit.contact_audit_log as event
where event.contact_id = %(contact_id)s
order by event.occurred_at desc
limit 1
