-- How rows and entries of the ledger become digests: docs/trust.md says the same to the byte, for those who verify by a program of
-- their own. What is released here stays: a digest that was written must be computed again in ten years.
-- Run by an Alembic revision. No percent sign in this file: drivers would take it for a parameter.
--
-- What has a fixed length comes first (ids, moments, commitments), then the rest as one text: an array as PostgreSQL writes it,
-- with quotes where they are needed, so that no two rows are written alike. A moment is eight bytes: microseconds since
-- 2000-01-01 UTC, the highest byte first; of none there are eight of 0x7f.
-- One array, not a length before each value: it is five times as fast. stable, not immutable: so is convert_to, and only so
-- are these functions written into the plan of whoever calls them.

create function audit.moment(value timestamptz) returns bytea
language sql immutable parallel safe
return coalesce(timestamptz_send(value), '\x7f7f7f7f7f7f7f7f'::bytea);

create function audit.listed(list text []) returns bytea
language sql stable parallel safe
return convert_to(list::text, 'UTF8');

-- What a person's value is written as: nobody can guess it without the row's salt, and without the salt it still verifies.
-- The salt of each column is derived from the row's, so that one may be given away or be deleted by itself.
create function audit.commitment(salt bytea, of bytea, value bytea) returns bytea
language sql immutable parallel safe
return sha256(sha256(salt || of) || value);

create function audit.event_digest(
    salt bytea, event_id uuid, account_id text, contact_id text, action text, author_type text, author_id text,
    author_name text, ip_address inet, channel text, occurred_at timestamptz, occurred_after timestamptz, sequence integer,
    changes jsonb, attribution text, journal_entry_id bigint, candidates jsonb, previous_snapshot_id bigint,
    snapshot_id bigint, window_start timestamptz, window_end timestamptz, rules_version integer, run_id text,
    loaded_at timestamptz, fields jsonb
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
);

-- A row of the log.
create function audit.digest(row_of audit.contact_audit_log, salt bytea) returns bytea
language sql stable parallel safe
return audit.event_digest(
    salt, row_of.event_id, row_of.account_id, row_of.contact_id, row_of.action, row_of.author_type, row_of.author_id,
    row_of.author_name, row_of.ip_address, row_of.channel, row_of.occurred_at, row_of.occurred_after, row_of.sequence,
    row_of.changes, row_of.attribution, row_of.journal_entry_id, row_of.candidates, row_of.previous_snapshot_id,
    row_of.snapshot_id, row_of.window_start, row_of.window_end, row_of.rules_version, row_of.run_id, row_of.loaded_at,
    row_of.fields
);

-- The row of the log that a superseded one was.
create function audit.digest_as_event(row_of audit.superseded_events, salt bytea) returns bytea
language sql stable parallel safe
return audit.event_digest(
    salt, row_of.event_id, row_of.account_id, row_of.contact_id, row_of.action, row_of.author_type, row_of.author_id,
    row_of.author_name, row_of.ip_address, row_of.channel, row_of.occurred_at, row_of.occurred_after, row_of.sequence,
    row_of.changes, row_of.attribution, row_of.journal_entry_id, row_of.candidates, row_of.previous_snapshot_id,
    row_of.snapshot_id, row_of.window_start, row_of.window_end, row_of.rules_version, row_of.run_id, row_of.loaded_at,
    row_of.fields
);

-- A superseded row: what it was, and who took it out, why and when.
create function audit.digest(row_of audit.superseded_events, salt bytea) returns bytea
language sql stable parallel safe
return sha256(
    '\x00'::bytea
    || audit.digest_as_event(row_of, salt)
    || audit.moment(row_of.superseded_at)
    || audit.moment(row_of.superseded_in)
    || audit.listed(array['superseded_events', row_of.superseded_by, row_of.reason])
);

create function audit.digest(row_of audit.entries_without_event, salt bytea) returns bytea
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
);

create function audit.digest(row_of audit.rejected_rows, salt bytea) returns bytea
language sql stable parallel safe
return sha256(
    '\x00'::bytea
    || audit.moment(row_of.window_start)
    || audit.moment(row_of.window_end)
    || audit.moment(row_of.loaded_at)
    || audit.commitment(salt, 'row', convert_to(row_of."row"::text, 'UTF8'))
    || audit.commitment(salt, 'reason', audit.listed(array[row_of.reason]))
    || audit.listed(array[
        'rejected_rows', row_of.rejected_id::text, row_of.relation, row_of.entry_id::text, row_of.snapshot_id::text,
        row_of.contact_id, row_of.used::text, row_of.run_id
    ])
);

-- A schema change with its values: held is the list of [contact_id, field, old, new], by contact_id and field.
create function audit.schema_change_digest(row_of audit.schema_changes, held jsonb, salt bytea) returns bytea
language sql stable parallel safe
return sha256(
    '\x00'::bytea
    || uuid_send(row_of.schema_change_id)
    || audit.moment(row_of.occurred_after)
    || audit.moment(row_of.occurred_at)
    || audit.moment(row_of.window_start)
    || audit.moment(row_of.window_end)
    || audit.moment(row_of.loaded_at)
    || audit.commitment(salt, 'values', convert_to(held::text, 'UTF8'))
    || audit.listed(array[
        'schema_changes', row_of.account_id, row_of.kind, row_of.field, row_of.renamed_to, row_of.contacts::text,
        row_of.previous_snapshot_id::text, row_of.snapshot_id::text, row_of.run_id
    ])
);

create function audit.schema_change_held(of uuid) returns jsonb
language sql stable parallel safe
return (
    select
        coalesce(
            jsonb_agg(
                jsonb_build_array(held.contact_id, held.field, held.old, held.new)
                order by held.contact_id collate "C", held.field collate "C"
            ),
            '[]'
        )
    from audit.schema_change_values as held
    where held.schema_change_id = of
);

create function audit.digest(row_of audit.capture_decisions, salt bytea) returns bytea
language sql stable parallel safe
return sha256(
    '\x00'::bytea
    || audit.moment(row_of.decided_at)
    || audit.commitment(salt, 'decided_by', audit.listed(array[row_of.decided_by, row_of.decided_as]))
    || audit.commitment(salt, 'reason', audit.listed(array[row_of.reason]))
    || audit.listed(array['capture_decisions', row_of.snapshot_id::text, row_of.decision])
);

-- The hash of an entry of the ledger: all that it says, and the hash before it.
create function audit.entry_hash(entry audit.ledger) returns bytea
language sql stable parallel safe
return sha256(
    '\x02'::bytea
    || audit.moment(entry.window_start)
    || audit.moment(entry.window_end)
    || audit.moment(entry.newest_recorded_at)
    || audit.moment(entry.loaded_at)
    || audit.moment(entry.transaction_at)
    || coalesce(entry.previous_hash, '')
    || audit.listed(array[
        'ledger', entry.sequence::text, entry.kind, entry.events::text, entry.entries_without_event::text,
        entry.rejected::text, entry.superseded::text, entry.captures::text, entry.newest_entry_id::text,
        entry.whole::text, entry.rules_version::text, entry.reason, entry.run_id, encode(entry.digest, 'hex'),
        entry.roots::text
    ])
);

-- The root of the Merkle tree (RFC 6962) over records of 64 bytes, key, salt and digest: its leaves are their digests, in
-- their order. Level by level; one without a neighbour moves up as it is. O(records).
create function audit.merkle_root(records bytea) returns bytea
language plpgsql immutable parallel safe
as $$
declare
    nodes integer := octet_length(records) / 64;
    level bytea;
begin
    if coalesce(nodes, 0) = 0 then
        return sha256('');
    end if;
    if nodes = 1 then
        return substr(records, 33, 32);
    end if;
    select
        string_agg(
            case
                when place * 2 + 1 < nodes
                    then sha256('\x01'::bytea || substr(records, place * 128 + 33, 32) || substr(records, place * 128 + 97, 32))
                else substr(records, place * 128 + 33, 32)
            end,
            ''
        )
    into level
    from generate_series(0, (nodes - 1) / 2) as place;
    nodes := (nodes + 1) / 2;
    while nodes > 1 loop
        select
            string_agg(
                case
                    when place * 2 + 1 < nodes then sha256('\x01'::bytea || substr(level, place * 64 + 1, 64))
                    else substr(level, place * 64 + 1, 32)
                end,
                ''
            )
        into level
        from generate_series(0, (nodes - 1) / 2) as place;
        nodes := (nodes + 1) / 2;
    end loop;
    return level;
end;
$$;
