-- What is wrong with the rows of the windows of (after, until], and with the digests that the ledger keeps of them:
-- sequence, window_end, relation, key, contact_id, problem. None where all is as it was written. O(rows of these windows).
with entry as materialized (
    select
        l.sequence,
        coalesce(l.window_end, '-infinity') as window_end,
        l.transaction_at,
        l.roots
    from audit.ledger as l
    where
        l.roots is not null
        -- those of captures have no records, and are verified by themselves
        and not l.roots ? 'capture'
        and (l.window_end > %(after)s or (l.window_end is null and %(after)s = '-infinity'::timestamptz))
        and (l.window_end <= %(until)s or l.window_end is null)
),

packed as materialized (
    select
        r.window_end,
        r.relation,
        r.removed,
        r.transaction_at,
        r.records || ''::bytea as records,
        r.contacts
    from audit.ledger_rows as r
    where
        (r.window_end > %(after)s or (r.window_end = '-infinity' and %(after)s = '-infinity'::timestamptz))
        and r.window_end <= %(until)s
),

known as materialized (
    select
        p.window_end,
        p.relation,
        p.removed,
        p.transaction_at,
        substr(p.records, place * 64 - 63, 16) as key,
        substr(p.records, place * 64 - 47, 16) as salt,
        substr(p.records, place * 64 - 31, 32) as digest,
        p.contacts[place] as contact_id
    from packed as p
    cross join lateral generate_series(1, octet_length(p.records) / 64) as place
),

gone as materialized (
    select k.*
    from known as k
    where k.removed
),

standing as materialized (
    select a.*
    from known as a
    left join gone as g
        on
            a.window_end = g.window_end
            and a.relation = g.relation
            and a.key = g.key
            and a.digest = g.digest
    where
        not a.removed
        and g.key is null
),

event as (
    select
        e.window_end,
        uuid_send(e.event_id) as key,
        e.contact_id,
        e as event
    from audit.contact_audit_log as e
    where
        e.window_end > %(after)s
        and e.window_end <= %(until)s
),

superseded as materialized (
    select
        e.window_end,
        uuid_send(e.event_id) as key,
        e.contact_id,
        e as event,
        e.superseded_in,
        e.ctid as place
    from audit.superseded_events as e
    where
        e.window_end > %(after)s
        and e.window_end <= %(until)s
),

-- a superseded row and a record of one with its key
met as materialized (
    select
        s.window_end,
        s.key,
        s.digest,
        e.place,
        audit.digest(e.event, s.salt) = s.digest as fits
    from standing as s
    inner join superseded as e on s.window_end = e.window_end and s.key = e.key
    where s.relation = 'superseded_events'
),

-- other tables' rows: key, digest by a salt, which the record tells
beside as (
    select
        s.window_end as known_in,
        e.window_end,
        'entries_without_event' as relation,
        coalesce(s.key, e.key) as key,
        coalesce(s.contact_id, e.contact_id) as contact_id,
        audit.digest(e.whole, s.salt) = s.digest as fits
    from (select k.* from standing as k where k.relation = 'entries_without_event') as s
    full join (
        select
            w.window_end,
            audit.number_key(w.entry_id) as key,
            w.contact_id,
            w as whole
        from audit.entries_without_event as w
        where w.window_end > %(after)s and w.window_end <= %(until)s
    ) as e on s.window_end = e.window_end and s.key = e.key
    union all
    select
        s.window_end,
        e.window_end,
        'rejected_rows',
        coalesce(s.key, e.key),
        coalesce(s.contact_id, e.contact_id),
        audit.digest(e.whole, s.salt) = s.digest
    from (select k.* from standing as k where k.relation = 'rejected_rows') as s
    full join (
        select
            r.window_end,
            audit.number_key(r.rejected_id) as key,
            coalesce(r.contact_id, '') as contact_id,
            r as whole
        from audit.rejected_rows as r
        where r.window_end > %(after)s and r.window_end <= %(until)s
    ) as e on s.window_end = e.window_end and s.key = e.key
    union all
    select
        s.window_end,
        e.window_end,
        'schema_changes',
        coalesce(s.key, e.key),
        '',
        audit.schema_change_digest(e.whole, e.held, s.salt) = s.digest
    from (select k.* from standing as k where k.relation = 'schema_changes') as s
    full join (
        select
            c.window_end,
            uuid_send(c.schema_change_id) as key,
            c as whole,
            audit.schema_change_held(c.schema_change_id) as held
        from audit.schema_changes as c
        where c.window_end > %(after)s and c.window_end <= %(until)s
    ) as e on s.window_end = e.window_end and s.key = e.key
    union all
    select
        s.window_end,
        e.window_end,
        'capture_decisions',
        coalesce(s.key, e.key),
        '',
        audit.digest(e.whole, s.salt) = s.digest
    from (select k.* from standing as k where k.relation = 'capture_decisions') as s
    full join (
        select
            '-infinity'::timestamptz as window_end,
            audit.number_key(d.snapshot_id) as key,
            d as whole
        from audit.capture_decisions as d
        where %(after)s = '-infinity'::timestamptz
    ) as e on s.window_end = e.window_end and s.key = e.key
),

replaced as (
    select
        g.window_end,
        g.relation,
        g.key,
        g.contact_id,
        r.key as found,
        case g.relation
            when 'entries_without_event'
                then audit.digest(jsonb_populate_record(null::audit.entries_without_event, r.row), g.salt)
            when 'rejected_rows' then audit.digest(jsonb_populate_record(null::audit.rejected_rows, r.row), g.salt)
            when 'schema_changes' then audit.schema_change_digest(
                jsonb_populate_record(null::audit.schema_changes, r.row), r.row -> 'held', g.salt
            )
            when 'capture_decisions'
                then audit.digest(jsonb_populate_record(null::audit.capture_decisions, r.row), g.salt)
        end = g.digest as fits
    from gone as g
    left join audit.replaced_rows as r
        on
            g.window_end = r.window_end
            and g.relation = r.relation
            and g.key = r.key
            and g.transaction_at = r.replaced_in
    where g.relation <> 'contact_audit_log'
),

-- what of each relation stood after each entry, from the records
entered as materialized (
    select
        e.sequence,
        e.window_end,
        k.relation,
        string_agg(k.key || k.salt || k.digest, '' order by k.key, k.digest) filter (
            where not k.removed and coalesce(g.sequence > e.sequence, true)
        ) as standing,
        string_agg(k.key || k.salt || k.digest, '' order by k.key, k.digest) filter (
            where not k.removed and k.transaction_at = e.transaction_at
        ) as added,
        string_agg(k.key || k.salt || k.digest, '' order by k.key, k.digest) filter (
            where k.removed and k.transaction_at = e.transaction_at
        ) as removed
    from entry as e
    inner join known as k on e.window_end = k.window_end
    inner join entry as its on k.window_end = its.window_end and k.transaction_at = its.transaction_at
    left join (
        select
            r.window_end,
            r.relation,
            r.key,
            r.digest,
            min(i.sequence) as sequence
        from gone as r
        inner join entry as i on r.window_end = i.window_end and r.transaction_at = i.transaction_at
        group by
            r.window_end,
            r.relation,
            r.key,
            r.digest
    ) as g
        on
            not k.removed
            and k.window_end = g.window_end
            and k.relation = g.relation
            and k.key = g.key
            and k.digest = g.digest
    where its.sequence <= e.sequence
    group by
        e.sequence,
        e.window_end,
        k.relation
)

select
    null::bigint as sequence,
    coalesce(s.window_end, e.window_end) as window_end,
    'contact_audit_log' as relation,
    coalesce(s.key, e.key) as key,
    coalesce(s.contact_id, e.contact_id) as contact_id,
    case
        when s.key is null then 'stands in the log, but no entry of the ledger added it'
        when e.key is null then 'is missing from the log'
        else 'was changed'
    end as problem
from (select k.* from standing as k where k.relation = 'contact_audit_log') as s
full join event as e on s.window_end = e.window_end and s.key = e.key
where
    s.key is null
    or e.key is null
    or audit.digest(e.event, s.salt) <> s.digest
union all
select
    null,
    s.window_end,
    'superseded_events',
    s.key,
    s.contact_id,
    case
        when exists (select 1 from met as m where m.window_end = s.window_end and m.key = s.key)
            then 'was changed after it was superseded'
        else 'is missing from the superseded events'
    end
from standing as s
where
    s.relation = 'superseded_events'
    and not exists (
        select 1 from met as m where m.fits and m.window_end = s.window_end and m.key = s.key and m.digest = s.digest
    )
union all
select
    null,
    e.window_end,
    'superseded_events',
    e.key,
    e.contact_id,
    'stands among the superseded events, but no entry of the ledger took it out of the log'
from superseded as e
where not exists (select 1 from met as m where m.place = e.place)
union all
select
    null,
    g.window_end,
    'superseded_events',
    g.key,
    g.contact_id,
    'was changed before it was superseded'
from gone as g
inner join superseded as e
    on g.window_end = e.window_end and g.key = e.key and g.transaction_at = e.superseded_in
where
    g.relation = 'contact_audit_log'
    and audit.digest_as_event(e.event, g.salt) <> g.digest
    and exists (select 1 from met as m where m.fits and m.place = e.place)
union all
select
    null,
    coalesce(b.known_in, b.window_end),
    b.relation,
    b.key,
    b.contact_id,
    case
        when b.known_in is null then 'stands there, but no entry of the ledger added it'
        when b.window_end is null then 'is missing'
        else 'was changed'
    end
from beside as b
where
    b.known_in is null
    or b.window_end is null
    or not b.fits
union all
select
    null,
    r.window_end,
    r.relation,
    r.key,
    r.contact_id,
    case when r.found is null then 'was replaced and is not kept' else 'was changed after it was replaced' end
from replaced as r
where r.fits is not true
union all
select
    null,
    r.window_end,
    r.relation,
    r.key,
    '',
    'stands among the replaced rows, but no entry of the ledger took it away'
from audit.replaced_rows as r
where
    (r.window_end > %(after)s or (r.window_end = '-infinity' and %(after)s = '-infinity'::timestamptz))
    and r.window_end <= %(until)s
    -- one that was decided and decided again in one transaction was never under the chain
    and not (r.relation = 'capture_decisions' and (r.row ->> 'decided_at')::timestamptz = r.replaced_in)
    and not exists (
        select 1
        from gone as g
        where
            g.window_end = r.window_end
            and g.relation = r.relation
            and g.key = r.key
            and g.transaction_at = r.replaced_in
    )
union all
select
    e.sequence,
    e.window_end,
    its.relation,
    null,
    null,
    'the digests kept of its rows were changed: their root is another'
from entry as e
cross join lateral jsonb_object_keys(e.roots) as its (relation)
left join entered as n on e.sequence = n.sequence and its.relation = n.relation
where
    e.roots -> its.relation is distinct from jsonb_build_object(
        'rows', coalesce(octet_length(n.standing) / 64, 0),
        'root', encode(audit.merkle_root(coalesce(n.standing, '')), 'hex'),
        'added', encode(audit.merkle_root(coalesce(n.added, '')), 'hex'),
        'removed', encode(audit.merkle_root(coalesce(n.removed, '')), 'hex')
    )
union all
select distinct
    null::bigint,
    p.window_end,
    p.relation,
    null::bytea,
    null,
    'digests are kept of an entry that the ledger does not have'
from packed as p
where not exists (
    select 1 from entry as e where e.window_end = p.window_end and e.transaction_at = p.transaction_at
)
order by
    window_end,
    relation,
    key,
    problem
