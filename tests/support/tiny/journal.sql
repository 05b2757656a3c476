-- The journal after an id, oldest first.
select
    l.id as entry_id,
    l.person as contact_id,
    l.at as occurred_at,
    jsonb_build_object('author', l.author, 'role', a.role, 'name', a.name, 'action', l.action, 'items', l.items) as raw
from log as l
left join person as a on a.id::text = l.author
where l.id > %(after)s
order by l.id
