-- The rows of captures, each judged by itself. One row a row; costs nothing where the source has the contract's types.
--   doubt: why the row cannot be used; fault: the same, an unusable custom_fields included
--   note: what the row is used without; whole: the row as JSON text, where there is a fault or a note; raw: always
--   deleted: false for what cannot be used: it is mentioned, and its contact stays as it was
select
    d.snapshot_id,
    d.contact_id,
    d.account_id,
    d.name,
    d.email,
    d.primary_phone,
    d.custom_fields,
    d.created_at,
    case when d.told then d.created_at end as created_at_told,
    coalesce(d.deleted, false) and d.doubt is null as deleted,
    d.doubt,
    f.fault,
    case when f.fault is null and not d.told then 'created_at lies beyond the years 2 to 9998' end as note,
    case when f.fault is not null or not d.told then d.whole end as whole,
    d.whole as raw
from (
    select
        r.*,
        coalesce(
            r.snapshot_id_fault,
            r.contact_id_fault,
            r.deleted_fault,
            case when not r.deleted then r.account_id_fault end
        ) as doubt,
        r.created_at is null
        or (r.created_at >= '0002-01-01 00:00:00+00' and r.created_at < '9999-01-01 00:00:00+00') as told
    from read_contact_snapshots as r
) as d
cross join lateral (
    select
        coalesce(
            d.doubt,
            case
                when not d.deleted and jsonb_typeof(d.custom_fields) is distinct from 'object'
                    then 'custom_fields is not an object'
            end
        ) as fault
) as f
