-- Where the contacts of a newer capture wait.
create temporary table incoming_contacts (
    contact_id text primary key,
    account_id text,
    name text,
    email text,
    primary_phone text,
    custom_fields jsonb,
    created_at timestamptz,
    -- null: it is mentioned, and stays as it was
    deleted boolean,
    snapshot_id bigint not null
) on commit drop
