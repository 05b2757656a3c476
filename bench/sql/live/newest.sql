-- How far the journal reaches. One row.
select
    (select max(l.id) from log as l) as entry_id,
    0 as entries
