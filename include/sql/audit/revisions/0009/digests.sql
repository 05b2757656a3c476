-- The canonical form with what merges and impersonation add: docs/trust.md says the same to the byte.
-- Where both are null nothing is added, so that every digest written before is computed again as it was. A list ends at its closing
-- brace, so that no row of the one form is written like one of the other.
-- Run by an Alembic revision after columns.sql. No percent sign in this file: drivers would take it for a parameter.

-- What stands after all else, where the source told of a merge, or in whose name the author acted.
create function audit.told_beside(salt bytea, merged_into text, on_behalf_of text) returns bytea
language sql stable parallel safe
return case
    when merged_into is null and on_behalf_of is null then ''::bytea
    else audit.commitment(salt, 'on_behalf_of', audit.listed(array[on_behalf_of])) || audit.listed(array['merge', merged_into])
end;

create function audit.event_digest(
    salt bytea, event_id uuid, account_id text, contact_id text, action text, author_type text, author_id text,
    author_name text, ip_address inet, channel text, occurred_at timestamptz, occurred_after timestamptz, sequence integer,
    changes jsonb, attribution text, journal_entry_id bigint, candidates jsonb, previous_snapshot_id bigint,
    snapshot_id bigint, window_start timestamptz, window_end timestamptz, rules_version integer, run_id text,
    loaded_at timestamptz, fields jsonb, merged_into text, on_behalf_of text
) returns bytea
language sql stable parallel safe
return sha256(
    '\x00'::bytea
    || uuid_send(event_id)
    || audit.moment(occurred_at)
    || audit.moment(occurred_after)
    || audit.moment(window_start)
    || audit.moment(window_end)
    || audit.moment(loaded_at)
    || audit.commitment(salt, 'author', audit.listed(array[author_id, author_name]))
    || audit.commitment(salt, 'ip_address', audit.listed(array[ip_address::text]))
    || audit.commitment(salt, 'changes', convert_to(changes::text, 'UTF8'))
    || audit.listed(array[
        'contact_audit_log', account_id, contact_id, action, author_type, channel, sequence::text, attribution,
        journal_entry_id::text, candidates::text, previous_snapshot_id::text, snapshot_id::text, rules_version::text,
        run_id, fields::text
    ])
    || audit.told_beside(salt, merged_into, on_behalf_of)
);

-- A row of the log.
create or replace function audit.digest(row_of audit.contact_audit_log, salt bytea) returns bytea
language sql stable parallel safe
return audit.event_digest(
    salt, row_of.event_id, row_of.account_id, row_of.contact_id, row_of.action, row_of.author_type, row_of.author_id,
    row_of.author_name, row_of.ip_address, row_of.channel, row_of.occurred_at, row_of.occurred_after, row_of.sequence,
    row_of.changes, row_of.attribution, row_of.journal_entry_id, row_of.candidates, row_of.previous_snapshot_id,
    row_of.snapshot_id, row_of.window_start, row_of.window_end, row_of.rules_version, row_of.run_id, row_of.loaded_at,
    row_of.fields, row_of.merged_into, row_of.on_behalf_of
);

-- The row of the log that a superseded one was.
create or replace function audit.digest_as_event(row_of audit.superseded_events, salt bytea) returns bytea
language sql stable parallel safe
return audit.event_digest(
    salt, row_of.event_id, row_of.account_id, row_of.contact_id, row_of.action, row_of.author_type, row_of.author_id,
    row_of.author_name, row_of.ip_address, row_of.channel, row_of.occurred_at, row_of.occurred_after, row_of.sequence,
    row_of.changes, row_of.attribution, row_of.journal_entry_id, row_of.candidates, row_of.previous_snapshot_id,
    row_of.snapshot_id, row_of.window_start, row_of.window_end, row_of.rules_version, row_of.run_id, row_of.loaded_at,
    row_of.fields, row_of.merged_into, row_of.on_behalf_of
);

-- A superseded row: what it was, and who took it out, why and when.
create or replace function audit.digest(row_of audit.superseded_events, salt bytea) returns bytea
language sql stable parallel safe
return sha256(
    '\x00'::bytea
    || audit.digest_as_event(row_of, salt)
    || audit.moment(row_of.superseded_at)
    || audit.moment(row_of.superseded_in)
    || audit.listed(array['superseded_events', row_of.superseded_by, row_of.reason])
);

create or replace function audit.digest(row_of audit.entries_without_event, salt bytea) returns bytea
language sql stable parallel safe
return sha256(
    '\x00'::bytea
    || audit.moment(row_of.occurred_at)
    || audit.moment(row_of.window_start)
    || audit.moment(row_of.window_end)
    || audit.moment(row_of.loaded_at)
    || audit.commitment(salt, 'author', audit.listed(array[row_of.author_id, row_of.author_name]))
    || audit.commitment(salt, 'ip_address', audit.listed(array[row_of.ip_address::text]))
    || audit.listed(array[
        'entries_without_event', row_of.entry_id::text, row_of.account_id, row_of.contact_id, row_of.action,
        row_of.author_type, row_of.channel, row_of.reason, row_of.run_id
    ])
    || audit.told_beside(salt, row_of.merged_into, row_of.on_behalf_of)
);

-- As in 0007/seal.sql, by the new form.
-- The rows of some windows that this transaction has added, each with a new salt; `every`: all that stand. O(rows given).
create or replace function audit.fresh_records(of_windows timestamptz [], every boolean)
returns table (window_end timestamptz, relation text, key bytea, salt bytea, digest bytea, contact_id text)
language sql volatile
as $$
    select
        fresh.window_end,
        'contact_audit_log',
        uuid_send(fresh.event_id),
        fresh.salt,
        audit.event_digest(
            fresh.salt, fresh.event_id, fresh.account_id, fresh.contact_id, fresh.action, fresh.author_type,
            fresh.author_id, fresh.author_name, fresh.ip_address, fresh.channel, fresh.occurred_at, fresh.occurred_after,
            fresh.sequence, fresh.changes, fresh.attribution, fresh.journal_entry_id, fresh.candidates,
            fresh.previous_snapshot_id, fresh.snapshot_id, fresh.window_start, fresh.window_end, fresh.rules_version,
            fresh.run_id, fresh.loaded_at, fresh.fields, fresh.merged_into, fresh.on_behalf_of
        ),
        fresh.contact_id
    from (
        select
            event.*,
            uuid_send(gen_random_uuid()) as salt
        from audit.contact_audit_log as event
        where
            event.window_end = any(of_windows)
            and (every or event.loaded_at = now())
        offset 0
    ) as fresh
    union all
    select
        (fresh.event).window_end,
        'superseded_events',
        uuid_send((fresh.event).event_id),
        fresh.salt,
        audit.digest(fresh.event, fresh.salt),
        (fresh.event).contact_id
    from (
        select
            event,
            uuid_send(gen_random_uuid()) as salt
        from audit.superseded_events as event
        where
            event.window_end = any(of_windows)
            and (every or event.superseded_in = now())
        offset 0
    ) as fresh
    union all
    select
        (fresh.entry).window_end,
        'entries_without_event',
        audit.number_key((fresh.entry).entry_id),
        fresh.salt,
        audit.digest(fresh.entry, fresh.salt),
        (fresh.entry).contact_id
    from (
        select
            entry,
            uuid_send(gen_random_uuid()) as salt
        from audit.entries_without_event as entry
        where
            entry.window_end = any(of_windows)
            and (every or entry.loaded_at = now())
        offset 0
    ) as fresh
    union all
    select
        (fresh.rejected).window_end,
        'rejected_rows',
        audit.number_key((fresh.rejected).rejected_id),
        fresh.salt,
        audit.digest(fresh.rejected, fresh.salt),
        coalesce((fresh.rejected).contact_id, '')
    from (
        select
            rejected,
            uuid_send(gen_random_uuid()) as salt
        from audit.rejected_rows as rejected
        where
            rejected.window_end = any(of_windows)
            and (every or rejected.loaded_at = now())
        offset 0
    ) as fresh
    union all
    select
        (fresh.change).window_end,
        'schema_changes',
        uuid_send((fresh.change).schema_change_id),
        fresh.salt,
        audit.schema_change_digest(
            fresh.change, audit.schema_change_held((fresh.change).schema_change_id), fresh.salt
        ),
        ''
    from (
        select
            change,
            uuid_send(gen_random_uuid()) as salt
        from audit.schema_changes as change
        where
            change.window_end = any(of_windows)
            and (every or change.loaded_at = now())
        offset 0
    ) as fresh
    union all
    select
        '-infinity'::timestamptz,
        'capture_decisions',
        audit.number_key((fresh.made).snapshot_id),
        fresh.salt,
        audit.digest(fresh.made, fresh.salt),
        ''
    from (
        select
            made,
            uuid_send(gen_random_uuid()) as salt
        from audit.capture_decisions as made
        where
            '-infinity' = any(of_windows)
            and (every or made.decided_at = now())
        offset 0
    ) as fresh
$$;

drop function audit.event_digest(
    bytea, uuid, text, text, text, text, text, text, inet, text, timestamptz, timestamptz, integer, jsonb, text, bigint, jsonb,
    bigint, bigint, timestamptz, timestamptz, integer, text, timestamptz, jsonb
);
