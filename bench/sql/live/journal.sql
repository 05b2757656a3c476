-- The journal after an id.
select
    l.id as entry_id,
    l.person as contact_id,
    l.at as occurred_at,
    jsonb_build_object('author', l.author, 'items', l.items) as raw
from log as l
where l.id > %(after)s
order by l.id
