-- Alerts of one watch that other events are behind by now; what was behind them goes.
with changed as (
    update audit.alerts as alert
    set
        account_id = hit.account_id,
        contact_id = hit.contact_id,
        author_type = hit.author_type,
        author_id = hit.author_id,
        first_at = hit.first_at,
        last_at = hit.last_at,
        events = hit.events,
        contacts = hit.contacts,
        amount = hit.amount,
        changed_at = now()
    from unnest(
        %(key)s::text [], %(account_id)s::text [], %(contact_id)s::text [], %(author_type)s::text [], %(author_id)s::text [],
        %(first_at)s::timestamptz [], %(last_at)s::timestamptz [], %(events)s::bigint [], %(contacts)s::bigint [],
        %(amount)s::float8 []
    ) as hit (key, account_id, contact_id, author_type, author_id, first_at, last_at, events, contacts, amount)
    where
        alert.watch = %(watch)s
        and alert.key = hit.key
        and alert.retracted_at is null
    returning alert.alert_id
)

delete from audit.alert_events as behind
using changed
where behind.alert_id = changed.alert_id
