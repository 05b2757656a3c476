-- The stretches to verify, a month of windows each, that together hold every window that anything is of: after, until,
-- as text, for a driver's moments have no infinity.
-- The first and the last are open. O(ledger).
with span as (
    select
        date_trunc('month', min(l.window_end), 'UTC') as since,
        max(l.window_end) as until
    from audit.ledger as l
),

border as (
    select month
    from span
    cross join lateral generate_series(span.since, span.until, interval '1 month') as month
)

select
    coalesce(lag(border.month) over (order by border.month), '-infinity')::text as after,
    border.month::text as until
from border
union all
select
    coalesce(max(border.month), '-infinity')::text as after,
    'infinity' as until
from border
order by until
