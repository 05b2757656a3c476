-- The id after which the journal is read again for late rows: the greatest that the source had at the newest capture that is older than
-- the overlap, less some rows; null where none is. One row; O(rows less).
select least(
    (
        select s.newest_entry_id
        from captures.snapshots as s
        where
            s.epoch = %(epoch)s
            and s.captured_at <= %(before)s
        order by s.snapshot_id desc
        limit 1
    ),
    (
        select r.entry_id
        from captures.journal_rows as r
        where r.epoch = %(epoch)s
        order by r.entry_id desc
        offset %(less)s
        limit 1
    )
) as entry_id
