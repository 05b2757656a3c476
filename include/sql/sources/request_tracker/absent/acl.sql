-- Stands in for Request Tracker's rights where the reading user may not see them: nobody is known as an admin then.
select
    null::text as principaltype,
    null::integer as principalid,
    null::text as rightname
where false
