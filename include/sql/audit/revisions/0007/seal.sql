-- Sealing: the digests of what a transaction has added to windows and taken away, and the roots of what stands after it.
-- Run by an Alembic revision after records.sql. No percent sign in this file: drivers would take it for a parameter.

-- The rows of some windows that this transaction has added, each with a new salt; `every`: all that stand. O(rows given).
create function audit.fresh_records(of_windows timestamptz [], every boolean)
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
            fresh.run_id, fresh.loaded_at, fresh.fields
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

-- The records of some windows, one a row, each with the transaction that added it, or took it away. O(records).
create function audit.unpacked_records(of_windows timestamptz [])
returns table (
    window_end timestamptz, relation text, transaction_at timestamptz, removed boolean, key bytea, salt bytea, digest bytea,
    contact_id text
)
language sql stable parallel safe
as $$
    select
        packed.window_end,
        packed.relation,
        packed.transaction_at,
        packed.removed,
        substr(packed.records, place * 64 - 63, 16),
        substr(packed.records, place * 64 - 47, 16),
        substr(packed.records, place * 64 - 31, 32),
        packed.contacts[place]
    from (
        -- read once each, not once a record
        select
            r.window_end,
            r.relation,
            r.transaction_at,
            r.removed,
            r.records || ''::bytea as records,
            r.contacts
        from audit.ledger_rows as r
        where r.window_end = any(of_windows)
        offset 0
    ) as packed
    cross join lateral generate_series(1, octet_length(packed.records) / 64) as place
$$;

-- What of some windows stands: what was added and not taken away. O(records).
create function audit.standing_records(of_windows timestamptz [])
returns table (window_end timestamptz, relation text, key bytea, salt bytea, digest bytea, contact_id text)
language sql stable
as $$
    with known as materialized (
        select unpacked.*
        from audit.unpacked_records(of_windows) as unpacked
    )

    select
        added.window_end,
        added.relation,
        added.key,
        added.salt,
        added.digest,
        added.contact_id
    from known as added
    left join known as gone
        on
            gone.removed
            and added.window_end = gone.window_end
            and added.relation = gone.relation
            and added.key = gone.key
            and added.digest = gone.digest
    where
        not added.removed
        and gone.key is null
$$;

-- Keep the records of what this transaction added to some windows (`every`: of all that stands in them) and took away; each
-- window's roots after it. Once a transaction and window. O(rows added, and records of windows that were loaded before).
create function audit.seal(of_windows timestamptz [], every boolean)
returns table (sealed timestamptz, roots jsonb)
language plpgsql
rows 1000
-- plans are kept, of tables that were empty when they were made
set enable_seqscan to off
set plan_cache_mode to force_custom_plan
as $$
#variable_conflict use_column
declare
    -- windows that have records from before this transaction
    again timestamptz [];
    fresh timestamptz [];
begin
    select coalesce(array_agg(w), '{}')
    into fresh
    from unnest(of_windows) as w
    where not exists (
        select 1
        from audit.ledger_rows as r
        where
            r.window_end = w
            and r.transaction_at = now()
    );
    insert into audit.ledger_rows (window_end, relation, removed, records, contacts)
    select
        f.window_end,
        f.relation,
        false,
        string_agg(f.key || f.salt || f.digest, '' order by f.key, f.digest),
        array_agg(f.contact_id order by f.key, f.digest)
    from audit.fresh_records(fresh, every) as f
    group by
        f.window_end,
        f.relation;
    select coalesce(array_agg(w), '{}')
    into again
    from unnest(of_windows) as w
    where exists (
        select 1
        from audit.ledger_rows as r
        where
            r.window_end = w
            and r.transaction_at <> now()
    );
    insert into audit.ledger_rows (window_end, relation, removed, records, contacts)
    select
        standing.window_end,
        standing.relation,
        true,
        string_agg(standing.key || standing.salt || standing.digest, '' order by standing.key, standing.digest),
        array_agg(standing.contact_id order by standing.key, standing.digest)
    from (
        select
            superseded.window_end,
            'contact_audit_log' as relation,
            uuid_send(superseded.event_id) as key
        from audit.superseded_events as superseded
        where
            superseded.window_end = any(again)
            and superseded.superseded_in = now()
        union all
        select
            replaced.window_end,
            replaced.relation,
            replaced.key
        from audit.replaced_rows as replaced
        where
            replaced.window_end = any(again)
            and replaced.replaced_in = now()
    ) as gone
    inner join (
        -- not what this transaction has added, which may have the same key
        select
            s.*
        from audit.standing_records(again) as s
        where not exists (
            select 1
            from audit.unpacked_records(again) as added
            where
                added.transaction_at = now()
                and added.window_end = s.window_end
                and added.relation = s.relation
                and added.key = s.key
                and added.digest = s.digest
        )
    ) as standing
        on
            gone.window_end = standing.window_end
            and gone.relation = standing.relation
            and gone.key = standing.key
    where gone.window_end = any(fresh)
    group by
        standing.window_end,
        standing.relation;
    return query
    with standing as (
        select
            s.window_end,
            s.relation,
            string_agg(s.key || s.salt || s.digest, '' order by s.key, s.digest) as records
        from audit.standing_records(again) as s
        group by
            s.window_end,
            s.relation
    ),

    moved as (
        select
            r.window_end,
            r.relation,
            coalesce((array_agg(r.records) filter (where not r.removed))[1], '') as added,
            coalesce((array_agg(r.records) filter (where r.removed))[1], '') as removed
        from audit.ledger_rows as r
        where
            r.window_end = any(of_windows)
            and r.transaction_at = now()
        group by
            r.window_end,
            r.relation
    ),

    held as (
        select
            window_end,
            relation,
            coalesce(m.added, '') as added,
            coalesce(m.removed, '') as removed,
            -- the first load of a window, as nearly all are: what it added is what stands
            case when window_end = any(again) then coalesce(s.records, '') else m.added end as records
        from moved as m
        full join standing as s using (window_end, relation)
    )

    select
        w,
        coalesce(
            jsonb_object_agg(
                h.relation,
                jsonb_build_object(
                    'rows', octet_length(h.records) / 64,
                    'root', encode(audit.merkle_root(h.records), 'hex'),
                    'added', encode(audit.merkle_root(h.added), 'hex'),
                    'removed', encode(audit.merkle_root(h.removed), 'hex')
                )
            ) filter (where h.relation is not null),
            '{}'
        )
    from unnest(of_windows) as w
    left join held as h on w = h.window_end
    group by w;
end;
$$;
