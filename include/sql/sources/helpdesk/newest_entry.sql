-- How far the journal reaches: its greatest recorded_at that is not later than the source's own clock (clock.sql), and its greatest
-- entry_id. One row; two index look-ups.
select
    (
        select max(j.recorded_at)
        from contact_journal as j
        where
            j.recorded_at > '-infinity'
            and j.recorded_at <= case
                when pg_is_in_recovery() then least(now(), pg_last_xact_replay_timestamp()) else now()
            end
    ) as recorded_at,
    (select max(j.entry_id) from contact_journal as j) as entry_id
