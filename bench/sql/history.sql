-- A whole history: entries with values, evenly over the time, by contacts at random (one in ten by the same contact as the one
-- before it), each of one or two fields; and 'changed' captures every three hours that agree with them.
create table bench.steps as
with
entries as (
    select
        e.id,
        1 + (hashint8(e.id - (e.id %% 10 = 0)::integer)::bigint & 2147483647) %% %(contacts)s as contact_id,
        f.first,
        case when hashint8(e.id) & 4 = 0 then f.first else (f.first + 2) %% 5 end as second,
        %(start)s::timestamptz + (e.id - 0.5) / %(entries)s * %(windows)s * interval '3 hours' as occurred_at
    from generate_series(1::bigint, %(entries)s::bigint) as e (id)
    cross join lateral (select (e.id * 7 %% 5)::integer as first) as f
)

select
    e.*,
    date_bin('3 hours', e.occurred_at - interval '1 microsecond', '2019-10-01 UTC') + interval '3 hours' as captured_at,
    array[
        count(*) filter (where 0 in (e.first, e.second)) over each,
        count(*) filter (where 1 in (e.first, e.second)) over each,
        count(*) filter (where 2 in (e.first, e.second)) over each,
        count(*) filter (where 3 in (e.first, e.second)) over each,
        count(*) filter (where 4 in (e.first, e.second)) over each
    ] as versions,
    lead(e.occurred_at) over each as next_at
from entries as e
window each as (partition by e.contact_id order by e.id);

insert into helpdesk.snapshots (snapshot_id, captured_at, kind)
select
    1 + w.number,
    %(start)s::timestamptz + w.number * interval '3 hours',
    'changed'
from generate_series(1, %(windows)s) as w (number);

-- A contact's last entry before each capture.
insert into helpdesk.contact_snapshots (
    snapshot_id, contact_id, account_id, name, email, primary_phone, custom_fields, created_at
)
select
    s.snapshot_id,
    t.contact_id,
    1 + t.contact_id %% 2,
    bench.value(0, t.contact_id, t.versions[1]) ->> 0,
    bench.value(1, t.contact_id, t.versions[2]) ->> 0,
    bench.value(2, t.contact_id, t.versions[3]) ->> 0,
    bench.custom_fields(t.contact_id, t.versions[4], t.versions[5]),
    %(start)s::timestamptz - interval '1 year' - t.contact_id * interval '1 second'
from bench.steps as t
inner join helpdesk.snapshots as s on t.captured_at = s.captured_at
where
    t.next_at is null
    or t.next_at > t.captured_at
order by
    s.snapshot_id,
    t.contact_id;

insert into helpdesk.contact_journal (
    entry_id, contact_id, account_id, occurred_at, recorded_at, action, author_type, author_id, author_name, ip_address,
    channel, changes
)
select
    t.id,
    t.contact_id,
    1 + t.contact_id %% 2,
    t.occurred_at,
    t.occurred_at + interval '2 seconds',
    'update',
    (array['agent', 'contact', 'integration', 'admin'])[1 + t.id %% 4],
    (t.id %% 500)::text,
    'Author ' || t.id %% 500,
    ('10.' || t.id %% 4 || '.' || t.id %% 200 || '.7')::inet,
    (array['agent_panel', 'support_portal', 'azure_ad_sync', 'api'])[1 + t.id %% 4],
    case
        when t.first = t.second
            then jsonb_build_array(bench.item(t.first, t.contact_id, t.versions[t.first + 1]))
        else jsonb_build_array(
            bench.item(t.first, t.contact_id, t.versions[t.first + 1]),
            bench.item(t.second, t.contact_id, t.versions[t.second + 1])
        )
    end
from bench.steps as t
order by t.id;

drop table bench.steps;
