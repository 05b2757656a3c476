-- Zammad's history of users with an id above %(after)s, oldest first, with what is looked up at first sight: the author and what he may do,
-- the field's type, and for names and phones all of their columns before and after the save. The deletions of users that were carried out
-- come along each time, with negative ids: a destroyed user's own history is gone.
-- O(histories after the id), each with a few look-ups by index (o_id).
with
fresh as (
    select
        h.id::bigint as entry_id,
        h.*
    from user_histories as h
    where
        h.id > %(after)s
        and h.type in ('created', 'updated')
        and coalesce(h.attribute, '') not in ('login_failed', 'last_login', 'image', 'image_source', 'preferences', 'password')
),

authors as (
    select
        u.id,
        jsonb_build_object(
            'id', u.id,
            'name', nullif(trim(concat_ws(' ', nullif(trim(u.firstname), ''), nullif(trim(u.lastname), ''))), ''),
            'email', u.email,
            'login', u.login,
            'agent', coalesce(g.agent, false),
            'admin', coalesce(g.admin, false)
        ) as author
    from users as u
    left join grants as g on u.id = g.user_id
    where u.id in (select h.created_by_id from fresh as h) or u.id in (select d.created_by_id from data_privacy_tasks as d)
),

parts as (
    -- The columns of a name or a phone when the save began and when it ended: by the save's own rows, else by what the next row found.
    select
        h.entry_id,
        jsonb_object_agg(
            part.name,
            jsonb_build_object(
                'here', own.id is not null,
                'old', case when own.id is not null then own.value_from when later.id is not null then later.value_from else x.present end,
                'new', case when own.id is not null then own.value_to when later.id is not null then later.value_from else x.present end
            )
        ) as columns,
        min(own.id) as first
    from fresh as h
    inner join (
        values ('firstname', 'name'), ('lastname', 'name'), ('phone', 'phone'), ('mobile', 'phone')
    ) as part (name, of)
        on part.of = case when h.attribute in ('firstname', 'lastname') then 'name' when h.attribute in ('phone', 'mobile') then 'phone' end
    left join lateral (select to_jsonb(u) ->> part.name as present from users as u where u.id = h.o_id) as x on true
    left join lateral (
        select
            s.id,
            s.value_from,
            s.value_to
        from user_histories as s
        where
            s.o_id = h.o_id and s.attribute = part.name and s.created_at = h.created_at
            and s.created_by_id is not distinct from h.created_by_id
        order by s.id
        limit 1
    ) as own on true
    left join lateral (
        select
            n.id,
            n.value_from
        from user_histories as n
        where n.o_id = h.o_id and n.attribute = part.name and n.id > h.id
        order by n.id
        limit 1
    ) as later on true
    group by h.entry_id
)

select
    h.entry_id,
    h.o_id::bigint as contact_id,
    h.created_at::timestamp at time zone 'UTC' as occurred_at,
    jsonb_build_object(
        'type', h.type,
        'attribute', h.attribute,
        'from', h.value_from,
        'to', h.value_to,
        'id_from', h.id_from,
        'id_to', h.id_to,
        'created_by', h.created_by_id,
        'author', a.author,
        'synced_from', (
            select min(s.source) from external_syncs as s where s.object = 'User' and s.o_id = h.o_id
        ),
        'data_type', c.data_type,
        'in_force', c.name is not null,
        'parts', p.columns,
        'first', p.first is not distinct from h.entry_id
    ) as raw
from fresh as h
left join authors as a on h.created_by_id = a.id
left join custom_fields_in_force as c on h.attribute = c.name
left join parts as p on h.entry_id = p.entry_id
union all
select
    -d.id::bigint as entry_id,
    d.deletable_id::bigint as contact_id,
    d.updated_at::timestamp at time zone 'UTC' as occurred_at,
    jsonb_build_object('type', 'destroyed', 'created_by', d.created_by_id, 'author', a.author) as raw
from data_privacy_tasks as d
left join authors as a on d.created_by_id = a.id
where d.deletable_type = 'User' and d.state = 'completed'
order by entry_id
