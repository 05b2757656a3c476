-- A slice of a log as years of loads leave it: events evenly over its windows, one in a thousand of contact 1, the others of
-- contacts at random; authors, channels, actions and ways to know them as a helpdesk has them, a few of them rare. Then the
-- slice's windows in the ledger. The slice is the windows first to last, of `windows` in all.
insert into audit.contact_audit_log (
    event_id, account_id, contact_id, action, author_type, author_id, author_name, ip_address, channel, occurred_at,
    occurred_after, sequence, changes, attribution, journal_entry_id, candidates, previous_snapshot_id, snapshot_id,
    window_start, window_end, rules_version, run_id
)
with event as (
    select
        e.id,
        case when e.id %% 1000 = 0 then 1 else 1 + (hashint8(e.id)::bigint & 2147483647) %% %(contacts)s end as contact,
        hashint8(e.id + 1)::bigint & 1048575 as luck,
        %(start)s::timestamptz + (e.id - 0.5) / %(events)s * %(windows)s * interval '3 hours' as happened_at
    from generate_series(
        (%(first)s - 1)::bigint * %(events)s / %(windows)s + 1,
        %(last)s::bigint * %(events)s / %(windows)s
    ) as e (id)
),

told as (
    select
        event.*,
        1 + event.id / 1000 as version,
        date_bin('3 hours', event.happened_at - interval '1 microsecond', '2019-10-01 UTC') as window_start,
        case
            when event.luck < 52_000 then 'unattributed'
            when event.luck < 62_000 then 'ambiguous'
            when event.luck < 94_000 then 'inferred'
            when event.luck < 156_000 then 'matched'
            when event.luck < 156_100 then 'unconfirmed'
            else 'recorded'
        end as attribution,
        case
            when event.luck < 62_000 then 'unknown'
            when event.luck %% 20 < 8 then 'contact'
            when event.luck %% 20 < 16 then 'agent'
            when event.luck %% 20 < 18 then 'integration'
            when event.luck %% 20 < 19 then 'admin'
            else 'system'
        end as author_type,
        case
            when event.luck < 156_000 or event.id %% 100 > 4 then 'update'
            when event.id %% 100 > 2 then 'delete'
            when event.id %% 100 > 1 then 'restore'
            else 'create'
        end as action,
        -- some fields change often, some hardly ever
        (event.luck * event.luck >> 37)::integer %% 8 as field
    from event
),

author as (
    select
        told.*,
        case told.author_type
            when 'contact' then told.contact
            when 'agent' then 1 + told.id %% 400
            when 'integration' then 1 + told.id %% 5
            when 'admin' then 1 + told.id %% 20
        end as author
    from told
)

select
    md5('event ' || a.id)::uuid as event_id,
    (1 + a.contact %% 2)::text as account_id,
    a.contact::text as contact_id,
    a.action,
    a.author_type,
    a.author_type || '-' || a.author as author_id,
    case a.author_type
        when 'contact' then 'Contact ' || a.author
        when 'system' then 'Helpdesk'
        else initcap(a.author_type) || ' ' || a.author
    end as author_name,
    case when a.author_type in ('contact', 'agent') then ('10.' || a.id %% 4 || '.' || a.id %% 200 || '.7')::inet end as ip_address,
    case
        when a.author_type = 'unknown' then null
        when a.luck %% 50_000 = 0 then 'chat'
        else (array['support_portal', 'agent_panel', 'azure_ad_sync', 'bulk_import', 'api'])[1 + a.id %% 5]
    end as channel,
    a.happened_at as occurred_at,
    case when a.author_type = 'unknown' then a.window_start else a.happened_at end as occurred_after,
    1 as sequence,
    case
        when a.id %% 3 = 0
            then jsonb_build_array(
                bench.log_item(a.field, a.contact, a.version), bench.log_item(a.field + 1, a.contact, a.version)
            )
        else jsonb_build_array(bench.log_item(a.field, a.contact, a.version))
    end as changes,
    a.attribution,
    case when a.author_type <> 'unknown' then a.id end as journal_entry_id,
    case when a.attribution = 'ambiguous' then jsonb_build_array(a.id, a.id + 1) end as candidates,
    (extract(epoch from a.window_start - '2019-10-01 UTC'::timestamptz) / 10_800)::bigint as previous_snapshot_id,
    (extract(epoch from a.window_start - '2019-10-01 UTC'::timestamptz) / 10_800)::bigint + 1 as snapshot_id,
    a.window_start,
    a.window_start + interval '3 hours' as window_end,
    1 as rules_version,
    'bench' as run_id
from author as a;

insert into audit.ledger (
    kind, window_start, window_end, events, entries_without_event, rejected, superseded, captures, newest_recorded_at,
    newest_entry_id, whole, rules_version, run_id
)
select
    'load' as kind,
    %(start)s::timestamptz + (w.number - 1) * interval '3 hours' as window_start,
    %(start)s::timestamptz + w.number * interval '3 hours' as window_end,
    %(events)s / %(windows)s as events,
    0 as entries_without_event,
    0 as rejected,
    0 as superseded,
    array[w.number::bigint] as captures,
    %(start)s::timestamptz + w.number * interval '3 hours' as newest_recorded_at,
    (w.number * %(events)s / %(windows)s)::bigint as newest_entry_id,
    true as whole,
    1 as rules_version,
    'bench' as run_id
from generate_series(%(first)s::bigint, %(last)s::bigint) as w (number);
