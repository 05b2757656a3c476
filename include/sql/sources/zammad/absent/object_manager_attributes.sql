-- Stands in for the definitions of fields where they are not to be seen: there are no custom fields then.
select
    null::text as name,
    null::text as display,
    null::text as data_type,
    null::integer as object_lookup_id,
    null::boolean as active,
    null::boolean as to_create
where false
