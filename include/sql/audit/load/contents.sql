-- What the rows of the given captures came to when their windows were loaded. One row a capture that is known.
select
    c.snapshot_id,
    c.row_count,
    c.digest,
    c.digest_version,
    c.gone
from audit.capture_contents as c
where c.snapshot_id = any(%(captures)s::bigint [])
