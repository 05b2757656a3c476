-- How far the journal reaches: its greatest recorded_at and entry_id. One row; two index look-ups.
select
    (select max(j.recorded_at) from captures.contact_journal as j) as recorded_at,
    (select max(j.entry_id) from captures.contact_journal as j) as entry_id
