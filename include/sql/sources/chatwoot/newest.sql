-- The greatest id of all audits, and how many are about contacts. O(audits of contacts), by index.
select
    (select max(a.id)::bigint from audits as a) as entry_id,
    (select count(*)::bigint from audits as a where a.auditable_type = 'Contact') as entries
