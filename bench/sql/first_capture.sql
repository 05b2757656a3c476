-- A full capture of all contacts, each field in its version 0.
insert into helpdesk.snapshots (snapshot_id, captured_at, kind)
values (1, %(captured_at)s, 'full');

insert into helpdesk.contact_snapshots (
    snapshot_id, contact_id, account_id, name, email, primary_phone, custom_fields, created_at
)
select
    1,
    c.id,
    1 + c.id %% 2,
    bench.value(0, c.id, 0) ->> 0,
    bench.value(1, c.id, 0) ->> 0,
    bench.value(2, c.id, 0) ->> 0,
    bench.custom_fields(c.id, 0, 0),
    %(captured_at)s::timestamptz - interval '1 year' - c.id * interval '1 second'
from generate_series(1::bigint, %(contacts)s::bigint) as c (id);
