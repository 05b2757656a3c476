-- The derived entries of a capture, to derive them anew from the raw rows. O(entries).
delete from captures.contact_journal as j
where j.seen_snapshot_id = %(snapshot_id)s
