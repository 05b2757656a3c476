-- Hold a capture back, under the id that was given; what it is held for may become more.
insert into captures.held as h (snapshot_id, reasons, told, open)
values (%(snapshot_id)s, %(reasons)s, %(told)s, true)
on conflict (snapshot_id) do update set reasons = excluded.reasons, told = excluded.told
