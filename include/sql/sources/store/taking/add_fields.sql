-- Labels and types of the custom fields; what the source no longer has stays. O(custom fields).
insert into captures.custom_fields as f (account_id, field_key, label, field_type)
select distinct on (n.account_id, n.field)
    n.account_id,
    substr(n.field, length('custom_fields.') + 1) as field_key,
    n.label,
    n.field_type
from unnest(
    %(accounts)s::bigint [], %(fields)s::text [], %(labels)s::text [], %(types)s::text []
) as n (account_id, field, label, field_type)
where
    n.field like 'custom_fields.%%'
    and n.account_id is not null
    and n.label is not null
    and n.field_type is not null
on conflict (account_id, field_key) do update set label = excluded.label, field_type = excluded.field_type
where
    f.label <> excluded.label
    or f.field_type <> excluded.field_type
