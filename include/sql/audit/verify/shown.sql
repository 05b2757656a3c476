-- The capture that audit.contacts shows: captured_at, and whether its window is loaded. One row; captured_at null: none.
select
    s.contacts_captured_at as captured_at,
    count(l.sequence) > 0 as is_loaded
from audit.state as s
left join audit.ledger as l
    on
        s.contacts_captured_at <= l.window_end
        and s.contacts_captured_at > l.window_start
group by s.contacts_captured_at
