-- Where rows wait that are to replace those of their windows.
create temporary table incoming_events (like audit.contact_audit_log including defaults including generated) on commit drop;
create temporary table incoming_without (like audit.entries_without_event including defaults) on commit drop;
create temporary table incoming_rejected (
    like audit.rejected_rows including defaults including identity
) on commit drop
