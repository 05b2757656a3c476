-- Take a lane, if nobody is in it, until this transaction ends. One row: whether it was free.
select pg_try_advisory_xact_lock(%(lane)s) as free
