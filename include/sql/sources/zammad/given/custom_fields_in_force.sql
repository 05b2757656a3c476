-- The columns of users that an administrator added, as far as they are in force.
select distinct on (a.name)
    a.name::text as name,
    a.display::text as display,
    a.data_type::text as data_type
from object_manager_attributes as a
inner join object_lookups as l on a.object_lookup_id = l.id
where
    l.name = 'User' and a.active and not coalesce(a.to_create, false)
    and coalesce(to_jsonb(a) ->> 'editable', 'true') <> 'false'
    and a.name not in (
        'login', 'firstname', 'lastname', 'email', 'phone', 'mobile', 'fax', 'web', 'password', 'organization_id', 'organization_ids',
        'department', 'street', 'zip', 'city', 'country', 'address', 'vip', 'note', 'role_ids', 'group_ids', 'active', 'image',
        'preferences', 'last_login', 'source', 'verified'
    )
order by a.name asc
