-- What the capture holds, counted; what it held: one row. O(rows of the capture).
update captures.snapshots as s
set
    contacts = %(contacts)s,
    rows_written = (select count(*) from captures.contact_snapshots as r where r.snapshot_id = s.snapshot_id),
    entries = (select count(*) from captures.journal_rows as r where r.seen_snapshot_id = s.snapshot_id)
where s.snapshot_id = %(snapshot_id)s
returning
    s.contacts,
    s.rows_written,
    s.entries
