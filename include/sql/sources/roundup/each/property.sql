-- The name of one property of users with several values.
select %(name)s::text as property
