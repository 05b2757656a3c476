-- Stands in for the names of object classes where they are not to be seen.
select
    null::integer as id,
    null::text as name
where false
