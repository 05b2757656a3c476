-- The greatest id of all histories (tickets and users share them, so that it never falls when a user is destroyed), and how many are about
-- users. O(histories of users), by index.
select
    (select max(h.id)::bigint from histories as h) as entry_id,
    (
        select count(*)::bigint
        from histories as h
        inner join history_objects as o on h.history_object_id = o.id
        where o.name = 'User'
    ) as entries
