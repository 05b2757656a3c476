-- One capture is taken at a time: waits for the one at work, until this transaction ends.
select pg_advisory_xact_lock(5920191002)
