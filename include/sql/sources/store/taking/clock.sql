-- This database's clock. One row.
select clock_timestamp() as moment
