-- What a user's roles let him be, by the permissions they grant: their names can be edited.
select
    ru.user_id,
    bool_or(p.name = 'ticket.agent') as agent,
    bool_or(p.name = 'admin' or starts_with(p.name, 'admin.')) as admin
from roles_users as ru
inner join permissions_roles as pr on ru.role_id = pr.role_id
inner join permissions as p on pr.permission_id = p.id
where
    (p.name = 'ticket.agent' or p.name = 'admin' or starts_with(p.name, 'admin.'))
    and coalesce(to_jsonb(p) ->> 'active', 'true') <> 'false'
    and not exists (select from roles as r where r.id = ru.role_id and not r.active)
group by ru.user_id
