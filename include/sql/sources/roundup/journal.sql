-- The tracker's journal of users after the id %(after)s, oldest first, with what is looked up at first sight: the author, and for a set the
-- properties' types, the classes they link to and what the linked items are called. A password's digest is left out.
-- O(the journal), which has no index by time.
with
links as materialized (
    select
        l.property,
        l.class
    from linked as l
),

fields_of_users as materialized (
    select
        p.property,
        p.column_name,
        p.kind
    from properties as p
),

fresh as (
    select
        e.entry_id,
        e.nodeid,
        e.date,
        e.tag,
        e.action,
        regexp_replace(e.params, '''password'': (''[^'']*''|"[^"]*")', '''password'': None') as params
    from entries as e
    where e.entry_id > %(after)s
)

select
    e.entry_id,
    e.nodeid::bigint as contact_id,
    e.date at time zone 'UTC' as occurred_at,
    jsonb_build_object(
        'action', e.action,
        'params', e.params,
        'tag', e.tag,
        'author', case
            when u.id is not null
                then jsonb_build_object('id', u.id, 'login', u._username, 'name', u._realname, 'roles', u._roles)
        end,
        'kinds', kinds.found,
        'classes', kinds.classes,
        'labels', labels.found
    ) as raw
from fresh as e
left join _user as u on u.id::text = e.tag
left join lateral (
    select
        jsonb_object_agg(p.property, p.kind) as found,
        jsonb_object_agg(p.property, l.class) as classes
    from fields_of_users as p
    left join links as l on p.property = l.property
    where strpos(e.params, '''' || p.property || ''': ') > 0
) as kinds on e.action = 'set'
left join lateral (
    select jsonb_object_agg(l.property || ' ' || k.id, k.label) as found
    from regexp_matches(e.params, '''([0-9]{1,9})''', 'g') as ids (found)
    cross join links as l
    inner join class_labels as k on l.class = k.class and k.id = ids.found[1]::integer
    where l.class <> 'user' and strpos(e.params, '''' || l.property || ''': ') > 0
) as labels on e.action = 'set'
order by e.entry_id
