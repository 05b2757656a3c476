-- Stands in for what was synchronised from elsewhere, where that is not to be seen.
select
    null::text as source,
    null::text as object,
    null::bigint as o_id
where false
