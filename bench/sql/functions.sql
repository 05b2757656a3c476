-- What a generated contact is like: each field in its n-th version, so that journal and captures agree by construction.
create schema bench;

create function bench.value(field integer, contact bigint, version bigint) returns jsonb
language sql immutable
return case field
    when 0 then to_jsonb('Contact ' || contact || case when version > 0 then ' the ' || version else '' end)
    when 1 then to_jsonb('contact.' || contact || '+' || version || '@example.com')
    when 2 then to_jsonb('+49 30 ' || lpad((contact * 31 + version)::text, 9, '0'))
    when 3 then to_jsonb((array['free', 'pro', 'team', 'enterprise'])[1 + (contact + version) % 4])
    else to_jsonb(1 + contact % 50 + version)
end;

create function bench.field(field integer) returns text
language sql immutable
return (array['name', 'email', 'primary_phone', 'custom_fields.plan', 'custom_fields.seats'])[field + 1];

-- An item of `changes`: from the version before to this one.
create function bench.item(field integer, contact bigint, version bigint) returns jsonb
language sql immutable
return jsonb_build_object(
    'field', bench.field(field),
    'old', bench.value(field, contact, version - 1),
    'new', bench.value(field, contact, version)
);

create function bench.custom_fields(contact bigint, plan bigint, seats bigint) returns jsonb
language sql immutable
return jsonb_build_object(
    'plan', bench.value(3, contact, plan),
    'seats', bench.value(4, contact, seats),
    'interests', '["api", "billing"]'::jsonb
);

insert into helpdesk.custom_fields (account_id, field_key, label, field_type)
select
    a.account_id,
    f.key,
    f.label,
    f.type
from generate_series(1, 2) as a (account_id)
cross join (
    values ('plan', 'Plan', 'dropdown'), ('seats', 'Seats', 'number'), ('interests', 'Interests', 'multiple_choice')
) as f (key, label, type);
