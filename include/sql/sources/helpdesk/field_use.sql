-- How many contacts of an account there are at a capture, and how many of them hold a value of a field: their last rows
-- since the last full capture. Whose last row cannot be used does not count: nobody knows. One row; O(rows since then).
select
    count(*) as contacts,
    count(*) filter (where newest.held <> 'null' and newest.held <> '[]') as holders
from (
    select distinct on (c.contact_id)
        c.deleted,
        c.account_id,
        c.fault,
        case %(field)s
            when 'name' then to_jsonb(c.name)
            when 'email' then to_jsonb(c.email)
            when 'primary_phone' then to_jsonb(c.primary_phone)
            else c.custom_fields -> substr(%(field)s, length('custom_fields.') + 1)
        end as held
    from snapshots as s
    inner join contact_snapshots as c on s.snapshot_id = c.snapshot_id
    where
        s.captured_at >= %(last_full_at)s
        and s.captured_at <= %(captured_at)s
        and s.snapshot_id <> all(%(ignored)s::bigint [])
    order by c.contact_id asc, s.captured_at desc
) as newest
where
    newest.fault is null
    and not newest.deleted
    and newest.account_id = %(account)s
