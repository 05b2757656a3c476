-- Empty temporary tables for the demo's new rows, one for each table of the helpdesk; they vanish with the transaction.
create temporary table new_snapshots (like helpdesk.snapshots) on commit drop;
create temporary table new_contact_snapshots (like helpdesk.contact_snapshots) on commit drop;
create temporary table new_contact_journal (like helpdesk.contact_journal) on commit drop;
create temporary table new_custom_fields (like helpdesk.custom_fields) on commit drop;
