-- Merges and impersonation: who was merged into whom, and in whose name an author acted, where the source tells.
-- Run by an Alembic revision. Rows that stand have neither, and keep their digests. No percent sign in this file: drivers would take
-- it for a parameter. O(rows of the log): the new checks look at each once.

-- the survivor's id, of a delete that was a merge
alter table audit.contact_audit_log add column merged_into text;
-- in whose name the author acted: the other's name and id, as far as the source tells them
alter table audit.contact_audit_log add column on_behalf_of text;
alter table audit.superseded_events add column merged_into text;
alter table audit.superseded_events add column on_behalf_of text;
alter table audit.entries_without_event add column merged_into text;
alter table audit.entries_without_event add column on_behalf_of text;
-- what the adapter derives it from, beside what the captures show
alter table captures.contact_journal add column merged_into bigint;

-- as in 0001/schema.sql; that a merge it was, the captures may show without any entry
alter table audit.contact_audit_log drop constraint nothing_is_known_of_the_unattributed;
alter table audit.contact_audit_log add constraint nothing_is_known_of_the_unattributed
check (
    attribution <> 'unattributed'
    or (
        ip_address is null
        and on_behalf_of is null
        and channel is not distinct from case when merged_into is not null then 'merge' end
    )
);
alter table audit.contact_audit_log add constraint a_merge_is_a_delete
check (merged_into is null or (action = 'delete' and channel = 'merge' and merged_into <> contact_id));
alter table audit.entries_without_event add constraint a_merge_is_a_delete
check (merged_into is null or action = 'delete');

-- Who was merged into a contact: most events are no merges.
create index contact_audit_log_merged on audit.contact_audit_log (merged_into)
where merged_into is not null;
