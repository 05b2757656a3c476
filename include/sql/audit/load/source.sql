-- The adapter that fills this database. One row, once one is registered.
select s.adapter from audit.source as s
