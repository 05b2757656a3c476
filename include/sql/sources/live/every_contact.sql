-- Every person as the adapter's contacts.sql reads it, with its digest. One row a person; O(persons).
-- The digest is that of fingerprints.sql. A moment that no calendar of ours holds (infinite, or beyond the years 2 to 9998) is none.
select
    c.contact_id,
    coalesce(c.account_id, 0) as account_id,
    c.name,
    c.email,
    c.primary_phone,
    coalesce(c.custom_fields, '{}')::text as custom_fields,
    case when c.created_at between '0002-01-01 UTC' and '9998-12-31 UTC' then c.created_at end as created_at,
    coalesce(c.deleted, false) or c.merged_into is not null as deleted,
    coalesce(c.in_scope, true) as in_scope,
    c.merged_into,
    hashtextextended(
        coalesce(c.custom_fields::text, '{}') collate "C",
        hashtextextended(
            coalesce(c.name::text, 'null 5e0b1c92') collate "C",
            hashtextextended(
                coalesce(c.email::text, 'null 5e0b1c92') collate "C",
                hashtextextended(
                    coalesce(c.primary_phone::text, 'null 5e0b1c92') collate "C",
                    timestamp_hash_extended(
                        coalesce(c.created_at::timestamptz at time zone 'UTC', 'infinity'),
                        hashint8extended(
                            coalesce(c.account_id, 0)::bigint,
                            hashint8extended(
                                coalesce(c.merged_into, -1)::bigint,
                                coalesce(c.deleted, false)::integer::bigint * 2 + coalesce(c.in_scope, true)::integer
                            )
                        )
                    )
                )
            )
        )
    ) as fingerprint
from (%(contacts)s) as c
where c.contact_id is not null
