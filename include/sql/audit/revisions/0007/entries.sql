-- What the ledger and the decisions say from now on, for the chain. Run by an Alembic revision before digests.sql.

alter table audit.ledger alter column sequence drop identity;
-- an entry about no window: a decision
alter table audit.ledger alter column window_start drop not null;
alter table audit.ledger alter column window_end drop not null;
alter table audit.ledger add constraint only_what_amends_has_no_window
check ((window_start is null) = (window_end is null) and (kind = 'amend' or window_end is not null));
-- the transaction's now(), as the rows that it added have it
alter table audit.ledger add column transaction_at timestamptz;
-- {"contact_audit_log": {"rows", "root", "added", "removed"}, ...}: of each relation with rows of the window, how many stand
-- after the entry, the root over them, and the roots over those it added and took away (hex)
alter table audit.ledger add column roots jsonb;

-- whom the session is that decided; decided_by is whom it says it decides for
alter table audit.capture_decisions add column decided_as text;
