-- Stands in for Request Tracker's attributes where they are not to be seen: no merge is known then.
select
    null::text as name,
    null::text as content,
    null::text as objecttype,
    null::bigint as objectid
where false
