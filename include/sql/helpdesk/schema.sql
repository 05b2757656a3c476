-- The reference helpdesk: captures of its contacts, and the journal of who touched them.
-- Safe to run again: makes what is missing, changes nothing that is there.
create schema if not exists helpdesk;

-- One row per capture. 'full' holds every contact, 'changed' only those that differ from the last capture.
create table if not exists helpdesk.snapshots (
    snapshot_id bigint primary key,
    captured_at timestamptz not null unique,
    kind text not null check (kind in ('full', 'changed'))
);

-- One row per contact in a capture.
create table if not exists helpdesk.contact_snapshots (
    snapshot_id bigint not null references helpdesk.snapshots,
    contact_id bigint not null,
    -- The helpdesk's tenant.
    account_id bigint not null,
    name text,
    email text,
    primary_phone text,
    -- By field key: {"plan": "pro", "seats": 12, "interests": ["api", "billing"]}.
    custom_fields jsonb not null default '{}',
    -- When the contact was created in the helpdesk.
    created_at timestamptz,
    -- A tombstone in a 'changed' capture; in a 'full' one, absence says it too.
    deleted boolean not null default false,
    primary key (snapshot_id, contact_id)
);

-- One row per entry that the helpdesk wrote when somebody touched a contact.
create table if not exists helpdesk.contact_journal (
    entry_id bigint primary key,
    contact_id bigint not null,
    account_id bigint not null,
    occurred_at timestamptz not null,
    -- When the entry became visible; may be hours after occurred_at.
    recorded_at timestamptz not null,
    -- create | update | delete | restore
    action text not null,
    -- contact | agent | admin | integration | system
    author_type text,
    author_id text,
    author_name text,
    ip_address inet,
    -- bulk_import, azure_ad_sync, agent_panel, support_portal, email, api, chat, ...
    channel text,
    -- null (what was touched is not said), [{"field": "email"}] (touched, values not said),
    -- or [{"field": "email", "old": "a@x", "new": "b@x"}]; fields: name, email, primary_phone, custom_fields.<key>.
    changes jsonb
);

-- Labels and types of the custom fields, for reading and comparing.
create table if not exists helpdesk.custom_fields (
    account_id bigint,
    field_key text,
    label text not null,
    -- text | number | date | dropdown | multiple_choice | checkbox
    field_type text not null,
    primary key (account_id, field_key)
);

create index if not exists contact_snapshots_by_contact
on helpdesk.contact_snapshots (contact_id, snapshot_id);

create index if not exists contact_journal_by_occurred_at
on helpdesk.contact_journal (occurred_at);

create index if not exists contact_journal_by_recorded_at
on helpdesk.contact_journal (recorded_at);

create index if not exists contact_journal_by_contact
on helpdesk.contact_journal (contact_id, occurred_at);
