-- Stands in for the deletions asked for, in versions without them (before 3.5): deletes have no author then.
select
    null::bigint as id,
    null::text as state,
    null::text as deletable_type,
    null::bigint as deletable_id,
    null::bigint as created_by_id,
    null::timestamp as updated_at
where false
