-- What a log of generated events lies beside: how its items look, its contacts, labels, and what its last run left.
create schema bench;

create function bench.log_item(number integer, contact bigint, version bigint) returns jsonb
language sql immutable
return jsonb_build_object(
    'field', (
        array[
            'primary_phone', 'custom_fields.seats', 'custom_fields.plan', 'email', 'name', 'custom_fields.notes',
            'custom_fields.region', 'custom_fields.birthday', 'custom_fields.vip'
        ]
    )[number + 1],
    'old', case number
        when 1 then to_jsonb(version)
        when 2 then to_jsonb((array['free', 'pro', 'team', 'enterprise'])[1 + version %% 4])
        when 5 then to_jsonb('Asked about the invoice of ' || version || ', prefers to be called in the morning')
        else to_jsonb('contact.' || contact || '+' || version || '@example.com')
    end,
    'new', case number
        when 1 then to_jsonb(version + 1)
        when 2 then to_jsonb((array['free', 'pro', 'team', 'enterprise'])[1 + (version + 1) %% 4])
        when 5 then to_jsonb('Asked about the invoice of ' || version || ', prefers to be called in the afternoon')
        else to_jsonb('contact.' || contact || '+' || version + 1 || '@example.com')
    end
);

insert into audit.contacts (
    contact_id, account_id, name, email, primary_phone, custom_fields, created_at, deleted, snapshot_id
)
select
    c.id::text,
    (1 + c.id %% 2)::text,
    'Contact ' || c.id,
    'contact.' || c.id || '@example.com',
    '+49 30 ' || lpad((c.id * 31)::text, 9, '0'),
    '{"plan": "pro", "seats": 12, "notes": "Asked about the invoice", "region": "emea"}',
    %(start)s::timestamptz - interval '1 year',
    c.id %% 50 = 49,
    %(windows)s
from generate_series(1::bigint, %(contacts)s::bigint) as c (id);

insert into audit.field_labels (account_id, field, label, field_type)
select
    a.account_id::text,
    'custom_fields.' || f.key,
    initcap(f.key),
    f.type
from generate_series(1, 2) as a (account_id)
cross join (
    values
    ('plan', 'dropdown'), ('seats', 'number'), ('notes', 'text'), ('region', 'dropdown'), ('birthday', 'date'),
    ('vip', 'checkbox')
) as f (key, type);

update audit.state
set
    healed_recorded_at = %(start)s::timestamptz + %(windows)s * interval '3 hours',
    contacts_snapshot_id = %(windows)s,
    contacts_captured_at = %(start)s::timestamptz + %(windows)s * interval '3 hours',
    complete_until = %(start)s::timestamptz + %(windows)s * interval '3 hours',
    last_run_id = 'bench',
    last_run_at = now();
