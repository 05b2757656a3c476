-- What a capture brings, before it is decided that it is one.
create temporary table incoming_contacts (
    contact_id bigint not null,
    account_id bigint not null,
    name text,
    email text,
    primary_phone text,
    custom_fields jsonb not null,
    created_at timestamptz,
    deleted boolean not null,
    in_scope boolean not null,
    merged_into bigint,
    fingerprint bigint not null
) on commit drop;

create temporary table incoming_rows (
    entry_id bigint not null,
    contact_id bigint,
    occurred_at timestamptz,
    raw jsonb not null
) on commit drop
