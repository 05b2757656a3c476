-- Moves the staged rows into the helpdesk; returns how many of each table are new. Rows that are there stay as they
-- are: a capture whose id or moment is taken is left out, together with its contacts. O(staged rows).
with added_snapshots as (
    insert into helpdesk.snapshots
    select *
    from new_snapshots
    on conflict do nothing
    returning snapshot_id
),

added_contact_snapshots as (
    insert into helpdesk.contact_snapshots
    select staged.*
    from new_contact_snapshots as staged
    inner join added_snapshots on staged.snapshot_id = added_snapshots.snapshot_id
    on conflict do nothing
    returning contact_id
),

added_contact_journal as (
    insert into helpdesk.contact_journal
    select *
    from new_contact_journal
    on conflict do nothing
    returning entry_id
),

added_custom_fields as (
    insert into helpdesk.custom_fields
    select *
    from new_custom_fields
    on conflict do nothing
    returning field_key
)

select
    (select count(*) from added_snapshots) as snapshots,
    (select count(*) from added_contact_snapshots) as contact_snapshots,
    (select count(*) from added_contact_journal) as contact_journal,
    (select count(*) from added_custom_fields) as custom_fields;
