-- The role of those who only read: it may not log in itself; grant it to those who may. Run by an Alembic revision, and
-- may be run again, as by an administrator where the migrating user may not create roles. No percent sign in this file.
-- It reads the views and the tables under them that people and pages ask; not the raw rows that were rejected, nor what
-- runs keep for themselves. A time limit is set by whoever connects: only a superuser may set one on a role.

do $$
begin
    if not exists (select 1 from pg_roles where rolname = 'contact_audit_reader') then
        begin
            create role contact_audit_reader nologin;
        exception
            -- another migration, of another database of this server, has just created it
            when duplicate_object or unique_violation then null;
            when insufficient_privilege then
                raise warning using
                    message = 'the role contact_audit_reader is missing and ' || current_user || ' may not create it',
                    hint = 'As an administrator: create role contact_audit_reader nologin; '
                    || 'then, as the owner of the schema audit: psql -f include/sql/audit/revisions/0003/reader.sql';
                return;
        end;
    end if;

    grant usage on schema audit to contact_audit_reader;
    grant select on
        audit.contact_activity,
        audit.contact_events,
        audit.contact_field_changes,
        audit.contact_history,
        audit.daily_activity,
        audit.author_activity,
        audit.event_feed,
        audit.sync_status,
        audit.contact_audit_log,
        audit.superseded_events,
        audit.entries_without_event,
        audit.schema_changes,
        audit.schema_change_values,
        audit.contacts,
        audit.field_labels,
        audit.ledger,
        audit.loads,
        audit.state
    to contact_audit_reader;

    -- So that the pages may take it on, whoever they log in as being the one who migrates.
    begin
        if not pg_has_role(current_user, 'contact_audit_reader', 'member') then
            execute 'grant contact_audit_reader to ' || quote_ident(current_user);
        end if;
    exception
        when insufficient_privilege then
            raise warning using
                message = current_user || ' may not take on the role contact_audit_reader',
                hint = 'As an administrator: grant contact_audit_reader to ' || quote_ident(current_user) || ';';
    end;
end;
$$;
