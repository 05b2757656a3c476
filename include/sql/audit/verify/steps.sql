-- Where a contact's steps do not join, of the contacts of (after, until]: an old value that is not the new one of the step before, or a
-- last value that audit.contacts does not show: contact_id, field ('': existence), event_id, window_end, window_before, expected,
-- found (JSON texts), is_last. Values are compared as jsonb, so that lists in another order are among them.
-- What lies before the first capture nothing confirms, and is left out. O(events of these contacts).
with event as materialized (
    select
        logged.contact_id,
        logged.event_id,
        logged.window_end,
        logged.sequence::float as place,
        logged.occurred_at,
        logged.action,
        logged.account_id,
        logged.changes,
        logged.snapshot_id
    from audit.contact_audit_log as logged
    where
        (%(after)s::text is null or logged.contact_id > %(after)s::text)
        and (%(until)s::text is null or logged.contact_id <= %(until)s::text)
        and logged.snapshot_id is not null
),

-- as audit.contact_history places them: what appeared, before the events between the two captures; what disappeared, after
everywhere as (
    select
        held.contact_id,
        change.window_end,
        case when held.old = 'null' then coalesce(between_them.first_place - 0.75, earlier.place + 0.25, 0.25)
            else coalesce(between_them.last_place + 0.75, earlier.place + 0.75, 0.75)
        end as place,
        held.field,
        held.old,
        held.new
    from audit.schema_change_values as held
    inner join audit.schema_changes as change on held.schema_change_id = change.schema_change_id
    left join lateral (
        select
            min(event.place) as first_place,
            max(event.place) as last_place
        from event
        where
            event.contact_id = held.contact_id
            and event.window_end = change.window_end
            and event.snapshot_id = change.snapshot_id
    ) as between_them on true
    left join lateral (
        select max(event.place) as place
        from event
        where
            event.contact_id = held.contact_id
            and event.window_end = change.window_end
            and event.occurred_at <= change.occurred_after
    ) as earlier on true
    where
        (%(after)s::text is null or held.contact_id > %(after)s::text)
        and (%(until)s::text is null or held.contact_id <= %(until)s::text)
),

step as (
    select
        event.contact_id,
        event.event_id,
        event.window_end,
        event.place,
        change.field,
        coalesce(change.old, 'null') as old,
        coalesce(change.new, 'null') as new
    from event
    cross join lateral jsonb_to_recordset(event.changes) as change (field text, old jsonb, new jsonb)
    union all
    select
        event.contact_id,
        event.event_id,
        event.window_end,
        event.place,
        '' as field,
        to_jsonb(event.action in ('update', 'delete')) as old,
        to_jsonb(event.action <> 'delete') as new
    from event
    union all
    -- a birth sets the account, a death ends it, whether it lists that or not
    select
        event.contact_id,
        event.event_id,
        event.window_end,
        event.place,
        'account_id' as field,
        case when event.action = 'delete' then to_jsonb(event.account_id) else 'null' end as old,
        case when event.action = 'delete' then 'null' else to_jsonb(event.account_id) end as new
    from event
    where
        event.action <> 'update'
        and event.account_id <> ''
        and not event.changes @> '[{"field": "account_id"}]'
    union all
    select
        everywhere.contact_id,
        null as event_id,
        everywhere.window_end,
        everywhere.place,
        everywhere.field,
        everywhere.old,
        everywhere.new
    from everywhere
),

walked as (
    select
        step.*,
        lag(step.new) over one_field as new_before,
        lag(step.window_end) over one_field as window_before,
        lead(step.place) over one_field is null as is_last
    from step
    window one_field as (partition by step.contact_id, step.field order by step.window_end, step.place)
),

shown as (
    select
        walked.contact_id,
        walked.field,
        walked.event_id,
        walked.window_end,
        walked.new,
        case
            when walked.field = '' then to_jsonb(coalesce(not contact.deleted, false))
            -- existence tells of one that is not there at all
            when contact.contact_id is null then walked.new
            -- of one that is gone, its last values are kept
            when contact.deleted then walked.new
            when walked.field = 'name' then coalesce(to_jsonb(contact.name), 'null')
            when walked.field = 'email' then coalesce(to_jsonb(contact.email), 'null')
            when walked.field = 'primary_phone' then coalesce(to_jsonb(contact.primary_phone), 'null')
            when walked.field = 'account_id' and contact.account_id = '' then walked.new
            when walked.field = 'account_id' then to_jsonb(contact.account_id)
            else coalesce(contact.custom_fields -> substr(walked.field, length('custom_fields.') + 1), 'null')
        end as now
    from walked
    left join audit.contacts as contact on walked.contact_id = contact.contact_id
    where walked.is_last
)

select
    walked.contact_id,
    walked.field,
    walked.event_id::text as event_id,
    walked.window_end,
    walked.window_before,
    walked.new_before::text as expected,
    walked.old::text as found,
    false as is_last
from walked
where walked.new_before <> walked.old
union all
select
    shown.contact_id,
    shown.field,
    shown.event_id::text as event_id,
    shown.window_end,
    null as window_before,
    shown.new::text as expected,
    shown.now::text as found,
    true as is_last
from shown
where shown.new <> shown.now
order by
    contact_id,
    window_end,
    field
