-- What custom fields were called, and since when, in some accounts. O(labels of these accounts).
select
    known.account_id,
    known.field,
    known.label,
    known.field_type,
    nullif(known.since, '-infinity') as since
from audit.field_labels as known
where known.account_id = any(%(accounts)s::text [])
order by known.account_id asc, known.field asc, known.since asc
