-- Stands in for the tracker's description of its classes where the reading user may not see it.
select null::text as schema
where false
