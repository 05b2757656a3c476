-- The events behind an alert that are in the log, newest first, as events.sql has them. O(events behind it), by index.
select
    event.event_id::text as event_id,
    event.account_id,
    event.contact_id,
    contact.name as contact_name,
    event.action,
    event.author_type,
    event.author_id,
    event.author_name,
    host(event.ip_address) as ip_address,
    event.channel,
    event.occurred_at,
    event.occurred_after,
    event.sequence,
    event.changes::text as changes,
    event.fields,
    event.attribution,
    event.journal_entry_id,
    event.candidates,
    event.previous_snapshot_id,
    event.snapshot_id,
    event.window_start,
    event.window_end,
    event.rules_version,
    event.run_id,
    event.loaded_at,
    event.merged_into,
    event.on_behalf_of
from audit.alert_events as behind
inner join audit.contact_audit_log as event on behind.event_id = event.event_id and behind.occurred_at = event.occurred_at
left join audit.contacts as contact on event.contact_id = contact.contact_id
where behind.alert_id = %(alert_id)s
order by
    event.occurred_at desc,
    event.window_end desc,
    event.sequence desc,
    event.event_id desc
limit %(most)s
