-- Register the adapter that fills this database, if none is yet; returns the one that does. One row.
with
registered as (
    insert into audit.source (adapter)
    values (%(adapter)s)
    on conflict do nothing
    returning adapter
)

select r.adapter from registered as r
union all
select s.adapter from audit.source as s
