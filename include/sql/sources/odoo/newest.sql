-- The greatest id of all messages (all models share them), and how many are about partners. O(messages of partners), by index.
select
    (select max(m.id)::bigint from mail_message as m) as entry_id,
    (select count(*)::bigint from mail_message as m where m.model = 'res.partner') as entries
