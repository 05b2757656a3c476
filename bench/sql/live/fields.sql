-- Labels and types: none.
select
    0::bigint as account_id,
    ''::text as field,
    ''::text as label,
    ''::text as field_type
where false
