-- A second full capture, three hours after the first: of every %(step)s-th contact one of twenty is deleted, the others have
-- another email and half of them another plan; as many as are deleted are new. The journal tells most of it, with values.
insert into helpdesk.snapshots (snapshot_id, captured_at, kind)
select
    2,
    s.captured_at + interval '3 hours',
    'full'
from helpdesk.snapshots as s;

insert into helpdesk.contact_snapshots (
    snapshot_id, contact_id, account_id, name, email, primary_phone, custom_fields, created_at
)
select
    2,
    c.contact_id,
    c.account_id,
    c.name,
    case when c.contact_id %% %(step)s = 0 then bench.value(1, c.contact_id, 1) ->> 0 else c.email end,
    c.primary_phone,
    case
        when c.contact_id %% (2 * %(step)s) = 0 then bench.custom_fields(c.contact_id, 1, 0)
        else c.custom_fields
    end,
    c.created_at
from helpdesk.contact_snapshots as c
where c.contact_id %% (20 * %(step)s) <> 0;

insert into helpdesk.contact_snapshots (
    snapshot_id, contact_id, account_id, name, email, primary_phone, custom_fields, created_at
)
select
    2,
    c.id,
    1 + c.id %% 2,
    bench.value(0, c.id, 0) ->> 0,
    bench.value(1, c.id, 0) ->> 0,
    bench.value(2, c.id, 0) ->> 0,
    bench.custom_fields(c.id, 0, 0),
    s.captured_at - interval '1 hour'
from generate_series(
    %(contacts)s::bigint + 1, %(contacts)s::bigint + %(contacts)s::bigint / (20 * %(step)s)
) as c (id)
inner join helpdesk.snapshots as s on s.snapshot_id = 2;

-- Of twenty changed contacts one has no entry, one an entry with names only, one (the deleted) a bare one.
insert into helpdesk.contact_journal (
    entry_id, contact_id, account_id, occurred_at, recorded_at, action, author_type, author_id, author_name, ip_address,
    channel, changes
)
select
    k.number,
    k.number * %(step)s,
    1 + k.number * %(step)s %% 2,
    m.occurred_at,
    m.occurred_at,
    case when k.number %% 20 = 0 then 'delete' else 'update' end,
    'agent',
    (k.number %% 40)::text,
    'Agent ' || k.number %% 40,
    ('10.0.' || k.number %% 200 || '.7')::inet,
    'agent_panel',
    case
        when k.number %% 20 = 0 then null
        when k.number %% 20 = 2 then '[{"field": "email"}, {"field": "custom_fields.plan"}]'
        when k.number %% 2 = 0
            then jsonb_build_array(bench.item(1, k.number * %(step)s, 1), bench.item(3, k.number * %(step)s, 1))
        else jsonb_build_array(bench.item(1, k.number * %(step)s, 1))
    end
from generate_series(1::bigint, %(contacts)s::bigint / %(step)s) as k (number)
inner join helpdesk.snapshots as s on s.snapshot_id = 1
cross join lateral (
    select s.captured_at + interval '10 minutes' + k.number * interval '500 milliseconds' as occurred_at
) as m
where k.number %% 20 <> 1;
