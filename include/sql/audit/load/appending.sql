-- Say that this transaction appends to the ledger, until it ends.
select pg_advisory_xact_lock_shared(hashtext('contact_audit_ledger'))
