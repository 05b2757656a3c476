-- How far the chain reaches, and how many entries and events there are. One row; O(events).
select
    head.sequence,
    encode(head.hash, 'hex') as hash,
    (select count(*) from audit.ledger) as entries,
    (select count(*) from audit.contact_audit_log) as events
from audit.ledger_head as head
