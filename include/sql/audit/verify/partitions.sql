-- What is wrong with the log's partitions: partition, problem. Every year with a loaded window has one, of that year alone, and one takes
-- the rows of all other years; no table that was one stands beside the log. O(partitions, and the ledger's first and last window).
with attached as (
    select
        i.inhrelid,
        c.relname,
        pg_get_expr(c.relpartbound, c.oid) as bound
    from pg_inherits as i
    inner join pg_class as c on i.inhrelid = c.oid
    where i.inhparent = 'audit.contact_audit_log'::regclass
),

loaded as (
    select
        extract(year from min(l.window_end) at time zone 'UTC')::integer as first_year,
        extract(year from max(l.window_end) at time zone 'UTC')::integer as last_year
    from audit.ledger as l
    where isfinite(l.window_end)
),

wanted as (
    select
        'contact_audit_log_' || year as relname,
        format('FOR VALUES FROM (''%%s-01-01 00:00:00+00'') TO (''%%s-01-01 00:00:00+00'')', year, year + 1) as bound
    from loaded
    -- those of later years are made by revisions; rows of a year without one are in the last
    cross join lateral generate_series(greatest(loaded.first_year, 2019), least(loaded.last_year, 2035)) as year
    union all
    select
        'contact_audit_log_other' as relname,
        'DEFAULT' as bound
)

select
    wanted.relname as partition,
    case
        when attached.bound is not null then 'has other bounds: ' || attached.bound
        when to_regclass('audit.' || wanted.relname) is null then 'is missing'
        else 'is no partition of the log any more'
    end as problem
from wanted
left join attached on wanted.relname = attached.relname
where attached.bound is distinct from wanted.bound
union all
select
    c.relname,
    'stands beside the log: its rows are outside any partition'
from pg_class as c
where
    c.relnamespace = 'audit'::regnamespace
    and c.relkind in ('r', 'p')
    and starts_with(c.relname, 'contact_audit_log_')
    and not exists (select 1 from attached where attached.inhrelid = c.oid)
    and not exists (select 1 from wanted where wanted.relname = c.relname)
order by partition
