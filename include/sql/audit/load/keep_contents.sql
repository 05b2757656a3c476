-- Keep what the rows of captures came to, as they are loaded now. O(captures).
insert into audit.capture_contents (snapshot_id, row_count, digest, digest_version, run_id)
select
    c.snapshot_id,
    c.row_count,
    c.digest,
    case when c.digest is not null then c.version end as digest_version,
    %(run_id)s as run_id -- noqa: AL09
from unnest(
    %(captures)s::bigint [],
    %(row_counts)s::bigint [],
    %(digests)s::text [],
    %(digest_versions)s::text []
) as c (snapshot_id, row_count, digest, version)
on conflict (snapshot_id) do update
set
    row_count = excluded.row_count,
    digest = excluded.digest,
    digest_version = excluded.digest_version,
    gone = 0,
    run_id = excluded.run_id,
    read_at = excluded.read_at
