-- How every adapter reads: one snapshot of the database, nothing written, no statement without an end (milliseconds), and all
-- that reading relies on, within the transaction: a pooler may give each transaction another connection.
set transaction isolation level repeatable read, read only;
set local statement_timeout = %(timeout)s;
set local client_encoding = 'UTF8';
set local timezone = 'UTC';
set local datestyle = 'ISO, YMD';
set local intervalstyle = 'postgres';
set local standard_conforming_strings = on;
set local bytea_output = 'hex';
set local extra_float_digits = 1;
set local xmloption = 'content';
set local gin_fuzzy_search_limit = 0
