-- Which keys the source's own constraints keep, so that reading need not look. One row; O(1), from the catalogue.
-- snapshots, contact_snapshots, contact_journal: whether each row's key stands once; linked: whether a contact's row is one of a capture.
with
wanted (relation, columns) as (
    values
    ('snapshots', array['snapshot_id']),
    ('snapshots', array['captured_at']),
    ('contact_snapshots', array['contact_id', 'snapshot_id']),
    ('contact_journal', array['entry_id'])
),

tables as (
    select
        c.oid,
        c.relname
    from pg_class as c
    inner join pg_namespace as n on c.relnamespace = n.oid
    where
        n.nspname = 'helpdesk'
        -- a table that others inherit from shows their rows, too, and its indexes do not hold them
        and (c.relkind in ('p', 'm') or (c.relkind = 'r' and not c.relhassubclass))
),

unique_columns as (
    select
        t.relname as relation,
        array(
            select a.attname::text collate "C"
            from pg_attribute as a
            where
                a.attrelid = t.oid
                and a.attnum = any(i.indkey::smallint [])
            order by 1
        ) as columns
    from tables as t
    inner join pg_index as i on t.oid = i.indrelid
    where
        i.indisunique
        and i.indisvalid
        and i.indimmediate
        and i.indnkeyatts = i.indnatts
        and i.indpred is null
        and i.indexprs is null
),

kept as (
    select
        w.relation,
        bool_and(exists (
            select 1
            from unique_columns as u
            where
                u.relation = w.relation
                and u.columns = w.columns
        )) as once
    from wanted as w
    group by w.relation -- noqa: AM06
)

select
    bool_or(k.once) filter (where k.relation = 'snapshots') as snapshots,
    bool_or(k.once) filter (where k.relation = 'contact_snapshots') as contact_snapshots,
    bool_or(k.once) filter (where k.relation = 'contact_journal') as contact_journal,
    exists ( -- noqa: LT01,LT06
        select 1
        from pg_constraint as f
        inner join tables as t on f.conrelid = t.oid
        inner join tables as o on f.confrelid = o.oid
        inner join pg_attribute as a on t.oid = a.attrelid and f.conkey = array[a.attnum]
        where
            f.contype = 'f'
            and f.convalidated
            and t.relname = 'contact_snapshots'
            and o.relname = 'snapshots'
            and a.attname = 'snapshot_id'
    ) as linked
from kept as k
