-- Stands in for the audits, which only some editions write: changes have no known author then.
select
    null::bigint as id,
    null::bigint as auditable_id,
    null::text as auditable_type,
    null::bigint as associated_id,
    null::text as associated_type,
    null::bigint as user_id,
    null::text as user_type,
    null::text as username,
    null::text as action,
    null::jsonb as audited_changes,
    null::text as remote_address,
    null::timestamp as created_at
where false
