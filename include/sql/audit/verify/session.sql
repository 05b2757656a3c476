-- How a value is written where digests are made, and no plan that reads the log once a row.
set local extra_float_digits = 1;
set local enable_nestloop to off
