-- The history of users, by the names of types and attributes.
select
    h.id,
    h.o_id,
    h.created_at,
    h.created_by_id,
    t.name as type,
    a.name as attribute,
    h.value_from,
    h.value_to,
    h.id_from,
    h.id_to
from histories as h
inner join history_objects as o on h.history_object_id = o.id and o.name = 'User'
inner join history_types as t on h.history_type_id = t.id
left join history_attributes as a on h.history_attribute_id = a.id
