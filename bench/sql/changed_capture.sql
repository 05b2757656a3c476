-- One more capture, 'changed': contacts spread evenly over all, each with another email, and the journal's entries with values.
insert into helpdesk.snapshots (snapshot_id, captured_at, kind)
values (
    %(number)s,
    (select s.captured_at from helpdesk.snapshots as s where s.snapshot_id = 1) + (%(number)s - 1) * interval '3 hours',
    'changed'
);

insert into helpdesk.contact_snapshots (
    snapshot_id, contact_id, account_id, name, email, primary_phone, custom_fields, created_at
)
select
    %(number)s,
    c.contact_id,
    c.account_id,
    c.name,
    bench.value(1, c.contact_id, %(number)s - 1) ->> 0,
    c.primary_phone,
    c.custom_fields,
    c.created_at
from generate_series(1::bigint, %(changes)s::bigint) as k (number)
inner join helpdesk.contact_snapshots as c
    on c.contact_id = k.number * (%(contacts)s::bigint / %(changes)s::bigint) and c.snapshot_id = 1;

insert into helpdesk.contact_journal (
    entry_id, contact_id, account_id, occurred_at, recorded_at, action, author_type, author_id, author_name, ip_address,
    channel, changes
)
select
    %(number)s * 1000000 + c.contact_id,
    c.contact_id,
    c.account_id,
    s.captured_at - interval '1 hour',
    s.captured_at - interval '1 hour',
    'update',
    'contact',
    c.contact_id::text,
    c.name,
    '192.0.2.7',
    'support_portal',
    jsonb_build_array(bench.item(1, c.contact_id, %(number)s - 1))
from helpdesk.contact_snapshots as c
inner join helpdesk.snapshots as s on c.snapshot_id = s.snapshot_id
where c.snapshot_id = %(number)s;
