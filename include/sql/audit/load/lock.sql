-- One writer a month of windows: waits for whoever loads the same month, until this transaction ends.
select pg_advisory_xact_lock(hashtext('contact_audit'), m.month)
from unnest(%(months)s::integer []) as m (month)
order by m.month
