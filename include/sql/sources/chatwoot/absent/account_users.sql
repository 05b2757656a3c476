-- Stands in for the agents' roles in accounts where they are not to be seen.
select
    null::bigint as account_id,
    null::bigint as user_id,
    null::integer as role
where false
