-- How many contacts of an account there are at a capture, and how many of them hold a value of a field. One row; O(rows until then).
select
    count(*) as contacts,
    count(*) filter (where newest.held <> 'null' and newest.held <> '[]') as holders
from (
    select distinct on (r.contact_id)
        r.deleted,
        r.account_id,
        case %(field)s
            when 'name' then to_jsonb(r.name)
            when 'email' then to_jsonb(r.email)
            when 'primary_phone' then to_jsonb(r.primary_phone)
            else r.custom_fields -> substr(%(field)s, length('custom_fields.') + 1)
        end as held
    from captures.contact_snapshots as r
    inner join captures.scope as k on r.contact_id = k.contact_id
    where
        r.snapshot_id <= %(capture)s
        and k.since_snapshot_id <= %(capture)s
    order by r.contact_id asc, r.snapshot_id desc
) as newest
where
    not newest.deleted
    and newest.account_id = %(account)s
