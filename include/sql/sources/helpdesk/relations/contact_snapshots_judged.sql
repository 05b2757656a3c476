-- The rows of captures, one a contact and capture, of a source whose constraints do not keep this key: equal rows are one,
-- and of rows that differ none can be used (`whole` has them all, the separator U+001E between them).
-- O(rows of the captures or contacts asked for).
select distinct on (k.snapshot_id, k.contact_id)
    k.snapshot_id,
    k.contact_id,
    k.account_id,
    k.name,
    k.email,
    k.primary_phone,
    k.custom_fields,
    k.created_at,
    k.created_at_told,
    k.deleted and not k.differ as deleted,
    case when k.differ then 'rows of one snapshot_id and contact_id differ' else k.doubt end as doubt,
    case when k.differ then 'rows of one snapshot_id and contact_id differ' else k.fault end as fault,
    case when not k.differ then k.note end as note,
    case when k.differ then k.every else k.whole end as whole
from (
    select
        s.*,
        string_agg(case when s.differ then s.raw end, U&'\001E') over (partition by s.snapshot_id, s.contact_id) as every
    from (
        select
            t.*,
            min(t.says) over same_key <> max(t.says) over same_key as differ
        from (
            select
                c.*,
                row(
                    c.account_id, c.name, c.email, c.primary_phone, c.custom_fields, c.created_at, c.deleted, c.fault
                )::text collate "C" as says
            from contact_rows as c
            where
                c.snapshot_id is not null
                and c.contact_id is not null
        ) as t
        window same_key as (partition by t.snapshot_id, t.contact_id)
    ) as s
) as k
order by k.snapshot_id, k.contact_id
