-- The id after which the journal is read again for late rows: the greatest that the source had at the newest capture until a moment (where
-- none is as old: the one before the first row that happened since), less some rows; null where none is. One row; O(rows less), and
-- once O(rows).
select least(
    coalesce(
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
            select min(r.entry_id) - 1
            from captures.journal_rows as r
            where
                r.epoch = %(epoch)s
                and r.occurred_at > %(before)s
        )
    ),
    (
        select r.entry_id
        from captures.journal_rows as r
        where r.epoch = %(epoch)s
        order by r.entry_id desc
        limit 1 offset %(less)s
    )
) as entry_id
