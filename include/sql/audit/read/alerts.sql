-- Alerts, newest first, from a place on: all, a watch's, a contact's; one. A filter that is null lets all pass. O(rows returned) for all,
-- for one, and for a contact; else O(alerts).
with page as (
    select alert.*
    from audit.alerts as alert
    where
        (%(alert_id)s::bigint is null or alert.alert_id = %(alert_id)s::bigint)
        and (%(watch)s::text is null or alert.watch = %(watch)s)
        and (%(before)s::bigint is null or alert.alert_id < %(before)s::bigint)
        and (
            %(contact_id)s::text is null
            or alert.alert_id in (
                select behind.alert_id
                from audit.alert_events as behind
                where behind.contact_id = %(contact_id)s
            )
        )
    order by alert.alert_id desc
    limit %(most)s
)

select
    page.alert_id,
    page.watch,
    page.kind,
    page.rule,
    page.account_id,
    page.contact_id,
    contact.name as contact_name,
    page.author_type,
    page.author_id,
    case when page.author_type is null then null else first_event.author_name end as author_name,
    page.first_at,
    page.last_at,
    page.events,
    page.contacts,
    page.amount,
    page.raised_at,
    page.retracted_at,
    page.retracted_why
from page
left join audit.contacts as contact on page.contact_id = contact.contact_id
left join lateral (
    select event.author_name
    from audit.alert_events as behind
    inner join audit.contact_audit_log as event on behind.event_id = event.event_id and behind.occurred_at = event.occurred_at
    where behind.alert_id = page.alert_id
    order by
        event.occurred_at,
        event.event_id
    limit 1
) as first_event on true
order by page.alert_id desc
