-- A digest of each person's row, as the adapter's contacts.sql reads it. One row a person; O(persons) in the database.
-- Each value's digest is the seed of the next one's: a third of what a digest of the row's text costs, and a place of its own for each.
select
    c.contact_id,
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
