-- Wait until whoever is appending to the ledger has committed, so that no smaller sequence can follow a greater one unseen; held
-- until this transaction ends.
select pg_advisory_xact_lock(hashtext('contact_audit_ledger'))
