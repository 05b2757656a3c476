-- Keep how many rows of captures are gone since they were loaded. O(captures).
update audit.capture_contents as c
set gone = g.gone
from unnest(%(captures)s::bigint [], %(gone)s::bigint []) as g (snapshot_id, gone)
where
    c.snapshot_id = g.snapshot_id
    and c.gone is distinct from g.gone
