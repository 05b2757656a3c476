-- Keep the labels that are new or changed: the first of a field has always been so, another one is so since now (the capture's
-- moment). O(custom fields).
insert into audit.field_labels (account_id, field, label, field_type, since)
select
    n.account_id,
    n.field,
    n.label,
    n.field_type,
    case when k.label is null then '-infinity' else %(since)s::timestamptz end as since
from unnest(%(accounts)s::text [], %(fields)s::text [], %(labels)s::text [], %(types)s::text [])
    as n (account_id, field, label, field_type)
left join lateral (
    select
        l.label,
        l.field_type
    from audit.field_labels as l
    where
        l.account_id = n.account_id
        and l.field = n.field
    order by l.since desc
    limit 1
) as k on true
where
    k.label is null
    or (k.label, k.field_type) is distinct from (n.label, n.field_type)
on conflict (account_id, field, since) do update
set
    label = excluded.label,
    field_type = excluded.field_type
