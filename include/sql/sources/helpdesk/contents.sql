-- What the rows of the given captures come to: how many there are, and, for some captures, a digest over the contract's columns,
-- whatever the rows' order. One row a capture; O(rows of these captures): of an index for the count, of the table for a digest.
-- digest_version: how it is made; PostgreSQL's hash functions may differ from one major version to the next.
select
    k.snapshot_id,
    case
        when k.digested then d.row_count
        else (select count(*) from contact_snapshots as c where c.snapshot_id = k.snapshot_id)
    end as row_count,
    case when k.digested then d.digest end as digest,
    '1/' || current_setting('server_version_num')::integer / 10000 as digest_version
from (
    select
        a.snapshot_id,
        a.snapshot_id = any(%(digested)s::bigint []) as digested
    from unnest(%(captures)s::bigint []) as a (snapshot_id)
) as k
cross join lateral (
    select
        count(*) as row_count,
        coalesce(
            sum(
                hash_record_extended(
                    row(
                        c.contact_id, c.account_id, c.name, c.email, c.primary_phone, c.custom_fields, c.created_at, c.deleted
                    ),
                    0
                )
            ),
            0
        )::text as digest
    from contact_snapshots as c
    where
        c.snapshot_id = k.snapshot_id
        and k.digested
) as d
