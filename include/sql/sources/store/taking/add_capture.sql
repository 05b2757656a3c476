-- The capture itself.
insert into captures.snapshots (
    snapshot_id, captured_at, kind, baseline, adapter_version, reading, epoch, newest_entry_id, begun_at, contacts, rows_written, entries
)
values (
    %(snapshot_id)s, %(captured_at)s, %(kind)s, %(baseline)s, %(adapter_version)s, %(reading)s, %(epoch)s, %(newest_entry_id)s,
    %(begun_at)s, 0, 0, 0
)
