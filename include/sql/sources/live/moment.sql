-- The moment of this snapshot by the source's clock; on a replica that is behind, that of the last transaction it has replayed.
-- One row; O(1). A replica that streams and has replayed all it received is not behind, though its primary may be idle.
select
    case
        when
            pg_is_in_recovery()
            and not coalesce(
                pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()
                and exists (select 1 from pg_stat_wal_receiver),
                false
            )
            then least(clock_timestamp(), pg_last_xact_replay_timestamp())
        else clock_timestamp()
    end as moment
