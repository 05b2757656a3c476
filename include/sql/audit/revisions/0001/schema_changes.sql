-- Fields that appeared, disappeared or were renamed for all contacts of an account at once: one row each, no event.
create table audit.schema_changes (
    -- a digest of all that the change says, its values included
    schema_change_id uuid primary key,
    account_id text not null,
    kind text not null,
    field text not null,
    renamed_to text,
    -- how many contacts' values it changed
    contacts integer not null,
    -- it lies between the two captures
    occurred_after timestamptz not null,
    occurred_at timestamptz not null,
    previous_snapshot_id bigint not null,
    snapshot_id bigint not null,
    window_start timestamptz not null,
    window_end timestamptz not null,
    run_id text not null,
    loaded_at timestamptz not null default now(),

    constraint kind_is_known
    check (kind in ('appeared', 'disappeared', 'renamed')),
    constraint only_a_renamed_field_has_a_new_name
    check ((kind = 'renamed') = (renamed_to is not null)),
    constraint time_runs_forward
    check (occurred_after < occurred_at),
    constraint window_is_three_hours
    check (window_end = window_start + interval '3 hours'),
    constraint it_concerns_contacts
    check (contacts > 0)
);

create index schema_changes_window on audit.schema_changes (window_end);

-- What each contact held before and after a schema change, so that nothing is lost and any past state can be told.
create table audit.schema_change_values (
    schema_change_id uuid not null references audit.schema_changes on delete cascade,
    contact_id text not null,
    field text not null,
    old jsonb not null,
    new jsonb not null,

    primary key (schema_change_id, contact_id, field),
    constraint it_is_a_change
    check (old <> new)
);

create index schema_change_values_contact on audit.schema_change_values (contact_id);
