-- One snapshot for the whole verification; a value is written as the digests were made.
set transaction isolation level repeatable read;
set local extra_float_digits = 1;
set local enable_nestloop to off
