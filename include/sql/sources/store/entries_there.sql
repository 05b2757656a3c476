-- Which of the given entries can still be derived: their raw rows are kept for ever. O(entries given) index look-ups.
select wanted.entry_id
from unnest(%(entries)s::bigint []) as wanted (entry_id)
where
    exists (
        select 1
        from captures.contact_journal as j
        where j.entry_id = wanted.entry_id
    )
    or exists (
        select 1
        from captures.journal_rows as r
        where
            r.epoch = 1
            and r.entry_id = wanted.entry_id
    )
    or exists (
        select 1
        from captures.journal_rows as r
        where
            r.epoch = (wanted.entry_id >> 48)::integer + 1
            and r.entry_id = wanted.entry_id & ((1::bigint << 48) - 1)
    )
