-- Contacts in pieces of about so many events: after, until, by contact_id; the first and the last are open (null). O(events).
with counted as (
    select
        event.contact_id,
        sum(count(*)) over (order by event.contact_id) / %(events)s::bigint as piece
    from audit.contact_audit_log as event
    group by event.contact_id
),

border as (
    select max(counted.contact_id) as contact_id
    from counted
    group by floor(counted.piece)
)

select
    lag(border.contact_id) over (order by border.contact_id) as after,
    case when lead(border.contact_id) over (order by border.contact_id) is not null then border.contact_id end as until
from border
union all
select
    null as after,
    null as until
where not exists (select 1 from border)
