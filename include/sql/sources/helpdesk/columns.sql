-- How each column of the contract is read, by the type that the source gives it; what other columns there are counts for nothing.
-- One row a column of the contract; O(1), from the catalogue (information_schema does not know materialized views).
--   found: the type, null where there is no such column that this user may read; there: whether there is the relation
--   value: the expression that reads it in the contract's type, null where the type is not read right: it is refused by name
--   fault: the expression that says why a row's value cannot be used; 'null' where the source's own constraints exclude it
-- In both, {} stands for the column. A type is that below its domains.
with recursive
contract (relation, place, column_name, kind) as (
    values
    ('snapshots', 1, 'snapshot_id', 'id'),
    ('snapshots', 2, 'captured_at', 'moment'),
    ('snapshots', 3, 'kind', 'text'),
    ('contact_snapshots', 1, 'snapshot_id', 'id'),
    ('contact_snapshots', 2, 'contact_id', 'id'),
    ('contact_snapshots', 3, 'account_id', 'id'),
    ('contact_snapshots', 4, 'name', 'text'),
    ('contact_snapshots', 5, 'email', 'text'),
    ('contact_snapshots', 6, 'primary_phone', 'text'),
    ('contact_snapshots', 7, 'custom_fields', 'object'),
    ('contact_snapshots', 8, 'created_at', 'moment'),
    ('contact_snapshots', 9, 'deleted', 'flag'),
    ('contact_journal', 1, 'entry_id', 'id'),
    ('contact_journal', 2, 'contact_id', 'id'),
    ('contact_journal', 3, 'account_id', 'id'),
    ('contact_journal', 4, 'occurred_at', 'moment'),
    ('contact_journal', 5, 'recorded_at', 'moment'),
    ('contact_journal', 6, 'action', 'text'),
    ('contact_journal', 7, 'author_type', 'text'),
    ('contact_journal', 8, 'author_id', 'text'),
    ('contact_journal', 9, 'author_name', 'text'),
    ('contact_journal', 10, 'ip_address', 'address'),
    ('contact_journal', 11, 'channel', 'text'),
    ('contact_journal', 12, 'changes', 'json'),
    ('custom_fields', 1, 'account_id', 'id'),
    ('custom_fields', 2, 'field_key', 'text'),
    ('custom_fields', 3, 'label', 'text'),
    ('custom_fields', 4, 'field_type', 'text')
),

-- Types that are read alike.
families (found, family) as (
    values
    ('int8', 'whole'), ('int4', 'small'), ('int2', 'small'), ('numeric', 'numeric'),
    ('text', 'text'), ('varchar', 'other text'), ('bpchar', 'other text'), ('name', 'other text'), ('citext', 'other text'),
    ('enum', 'enum'), ('uuid', 'uuid'), ('jsonb', 'jsonb'), ('json', 'json'), ('inet', 'address'), ('cidr', 'address'),
    ('timestamptz', 'moment'), ('timestamp', 'local moment'), ('date', 'date'), ('bool', 'flag')
),

ways (kind, family, value) as (
    values
    ('id', 'whole', '{}'),
    ('id', 'small', '{}::bigint'),
    (
        'id', 'numeric',
        'case when {} between -9223372036854775808 and 9223372036854775807 and {} = trunc({}) then {}::bigint end'
    ),
    -- Only as numbers are written plainly: 7 and 007 would be one id, and are two texts.
    (
        'id', 'other text',
        'case when {}::text ~ ''^(0|-?[1-9][0-9]{0,18})$'' then case when {}::text::numeric '
        || 'between -9223372036854775808 and 9223372036854775807 then {}::text::bigint end end'
    ),
    ('moment', 'moment', '{}'),
    ('moment', 'local moment', '({} at time zone ''UTC'')'),
    (
        'moment', 'date',
        'case when {} >= ''9999-01-01'' then ''infinity'' when {} < ''0002-01-01'' then ''-infinity'' '
        || 'else {}::timestamp at time zone ''UTC'' end'
    ),
    ('text', 'text', '{} collate "C"'),
    -- The padding of char(n) ends here: it is no part of the value.
    ('text', 'other text', '{}::text collate "C"'),
    ('text', 'enum', '{}::text collate "C"'),
    ('text', 'uuid', '{}::text collate "C"'),
    ('text', 'whole', '{}::text collate "C"'),
    ('text', 'small', '{}::text collate "C"'),
    ('address', 'address', '{}::text collate "C"'),
    ('address', 'other text', '{}::text collate "C"'),
    ('json', 'jsonb', '{}::text collate "C"'),
    ('json', 'json', '{}::text collate "C"'),
    ('json', 'other text', '{}::text collate "C"'),
    ('object', 'jsonb', '{}'),
    ('object', 'json', 'case when pg_input_is_valid({}::text, ''jsonb'') then {}::text::jsonb end'),
    -- So deep that the server's stack could not hold it, and it would end the statement.
    (
        'object', 'other text',
        'case when length({}::text) - length(translate({}::text, ''[{'', '''')) < 5000 '
        || 'and pg_input_is_valid({}::text, ''jsonb'') then {}::text::jsonb end'
    ),
    -- Before PostgreSQL 16 nothing says whether a text is jsonb. A value of json is well-formed, but may hold what jsonb
    -- refuses: \u0000, half a pair of surrogates, a number beyond its numbers.
    (
        'object', 'json before 16',
        'case when {}::text !~ ''\\u0000|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])'
        || '|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F]|[0-9][eE][+-]?[0-9]{4}|[0-9]{9999}'' then {}::text::jsonb end'
    ),
    ('flag', 'flag', '{}'),
    ('flag', 'whole', 'case {} when 1 then true when 0 then false end'),
    ('flag', 'small', 'case {} when 1 then true when 0 then false end'),
    (
        'flag', 'other text',
        'case when lower({}::text) in (''true'', ''t'', ''yes'', ''y'', ''on'', ''1'') then true '
        || 'when lower({}::text) in (''false'', ''f'', ''no'', ''n'', ''off'', ''0'') then false end'
    )
),

faults (kind, reason) as (
    values ('id', 'is no whole number of 64 bits'), ('flag', 'is neither true nor false')
),

there as (
    select
        c.oid,
        c.relname,
        a.attnum,
        a.attname,
        a.attnotnull and c.relkind in ('r', 'p') as never_null,
        format_type(a.atttypid, a.atttypmod) as found,
        a.atttypid
    from pg_class as c
    inner join pg_namespace as n on c.relnamespace = n.oid
    inner join pg_attribute as a on c.oid = a.attrelid
    where
        n.nspname = 'helpdesk'
        and c.relkind in ('r', 'p', 'v', 'm', 'f')
        and a.attnum > 0
        and not a.attisdropped
        and has_schema_privilege(n.oid, 'usage')
        and has_column_privilege(c.oid, a.attnum, 'select')
),

below (oid, typtype, typname, typbasetype, start) as (
    select
        t.oid,
        t.typtype,
        t.typname,
        t.typbasetype,
        t.oid as start
    from pg_type as t
    where t.oid in (select h.atttypid from there as h)
    union all
    select
        t.oid,
        t.typtype,
        t.typname,
        t.typbasetype,
        b.start
    from below as b
    inner join pg_type as t on b.typbasetype = t.oid
    where b.typtype = 'd'
),

read_as as (
    select
        c.relation,
        c.place,
        c.column_name,
        c.kind,
        h.found,
        h.never_null,
        f.family,
        exists (select 1 from there as o where o.relname = c.relation) as there, -- noqa: LT01,LT06
        case
            when c.kind = 'object' and f.family <> 'jsonb' and current_setting('server_version_num')::integer < 160000
                then f.family || ' before 16'
            -- text is read like the other texts where it is no text that is wanted
            when c.kind <> 'text' and f.family = 'text' then 'other text'
            else f.family
        end as way
    from contract as c
    left join there as h on c.relation = h.relname and c.column_name = h.attname
    left join below as b on h.atttypid = b.start and b.typtype <> 'd'
    left join families as f on f.found = case when b.typtype = 'e' then 'enum' else b.typname end
)

select
    r.relation,
    r.column_name,
    r.found,
    r.there,
    replace(w.value, '{}', 'r.' || quote_ident(r.column_name)) as value,
    case
        when f.kind is null or (r.never_null and r.family in ('whole', 'small', 'flag') and w.value not like 'case%%')
            then 'null'
        else
            replace(
                replace(
                    'case when {} is null then ''[] is null'' when (' || w.value || ') is null '
                    || 'then ''[] '' || quote_literal(left({}::text, 200)) || '' ' || f.reason || ''' end',
                    '[]', r.column_name
                ),
                '{}', 'r.' || quote_ident(r.column_name)
            )
    end as fault,
    r.kind = 'object' and r.way like '%% before 16' as needs_16
from read_as as r
left join ways as w on r.kind = w.kind and r.way = w.family
left join faults as f on r.kind = f.kind
order by
    array_position(array['snapshots', 'contact_snapshots', 'contact_journal', 'custom_fields'], r.relation),
    r.place
