-- The source's own clock, in the snapshot that all is read in: how far its data reaches, what the server says it is, and how many
-- journal entries say that they became visible later than that. One row; an index look-up and O(such entries).
-- A replica's data reaches as far as what it has replayed.
select
    now() as server,
    case when pg_is_in_recovery() then least(now(), pg_last_xact_replay_timestamp()) else now() end as until,
    (select count(*) from contact_journal as j where j.recorded_at > statement_timestamp()) as ahead
