-- What some runs loaded, by the ledger: windows and events. O(ledger rows since the oldest of these runs began).
select
    ledger.run_id,
    count(distinct ledger.window_end) as windows,
    sum(ledger.events) as events
from audit.ledger
where ledger.run_id = any(%(run_ids)s::text [])
group by ledger.run_id
