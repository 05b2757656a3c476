-- The greatest id of all transactions (tickets and users share them, so that it never falls when a user is shredded), and how many
-- are about users. O(transactions of users), by index.
select
    (select max(t.id)::bigint from transactions as t) as entry_id,
    (select count(*)::bigint from transactions as t where t.objecttype = 'RT::User') as entries
