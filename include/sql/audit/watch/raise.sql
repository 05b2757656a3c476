-- New alerts of one watch.
insert into audit.alerts (
    watch, kind, rule, position, run_id, key, account_id, contact_id, author_type, author_id, first_at, last_at, events, contacts, amount
)
select
    %(watch)s,
    %(kind)s,
    %(rule)s,
    %(position)s,
    %(run_id)s,
    hit.key,
    hit.account_id,
    hit.contact_id,
    hit.author_type,
    hit.author_id,
    hit.first_at,
    hit.last_at,
    hit.events,
    hit.contacts,
    hit.amount
from unnest(
    %(key)s::text [], %(account_id)s::text [], %(contact_id)s::text [], %(author_type)s::text [], %(author_id)s::text [],
    %(first_at)s::timestamptz [], %(last_at)s::timestamptz [], %(events)s::bigint [], %(contacts)s::bigint [], %(amount)s::float8 []
) as hit (key, account_id, contact_id, author_type, author_id, first_at, last_at, events, contacts, amount)
