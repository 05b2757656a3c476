-- How far the journal reaches: its greatest recorded_at and entry_id. One row; two index look-ups.
-- An infinite moment is none: Arrow cannot hold it.
select
    (select max(j.recorded_at) from helpdesk.contact_journal as j where j.recorded_at < 'infinity') as recorded_at,
    (select max(j.entry_id) from helpdesk.contact_journal as j) as entry_id
