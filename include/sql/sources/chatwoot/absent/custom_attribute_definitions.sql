-- Stands in for the definitions of custom attributes where they are not to be seen: they are labelled by their keys.
select
    null::bigint as account_id,
    null::text as attribute_key,
    null::text as attribute_display_name,
    null::integer as attribute_display_type,
    null::integer as attribute_model
where false
