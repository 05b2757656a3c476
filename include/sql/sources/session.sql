-- How every adapter reads: one snapshot of the database, nothing written, no statement without an end (milliseconds).
set transaction isolation level repeatable read, read only;
set local statement_timeout = %(timeout)s;
set local timezone = 'UTC'
