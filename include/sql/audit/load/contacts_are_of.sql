-- Remember which capture audit.contacts shows.
update audit.state
set
    contacts_snapshot_id = %(snapshot_id)s,
    contacts_captured_at = %(captured_at)s
