-- What the tables and columns of the chain mean. Run by an Alembic revision after chain.sql. No percent sign in this file.

comment on table audit.ledger is
'An entry of the chain: a load of a window, what it holds and what the load saw; or a decision. Only ever appended to.';
comment on column audit.ledger.sequence is 'The order of entries, without gaps; that in which they became visible.';
comment on column audit.ledger.window_start is 'The window, (start, end]; null: the entry is about a decision.';
comment on column audit.ledger.window_end is 'The window''s end; null: the entry is about a decision.';
comment on column audit.ledger.digest is 'The root of the Merkle tree over the window''s events as they stand after it.';
comment on column audit.ledger.previous_hash is 'The hash of the entry before.';
comment on column audit.ledger.hash is 'The hash of all that this entry says, the hash of the one before included (docs/trust.md).';
comment on column audit.ledger.transaction_at is 'When its transaction began: loaded_at of the rows that it added.';
comment on column audit.ledger.roots is
'Of each relation: how many rows of the window stand after it, and the roots over these, over those added, and removed.';
comment on table audit.ledger_rows is 'The digests of the rows that an entry of the ledger added or took away.';
comment on column audit.ledger_rows.window_end is 'The window''s end; -infinity: decisions.';
comment on column audit.ledger_rows.relation is 'The table that the rows are of.';
comment on column audit.ledger_rows.transaction_at is 'As in ledger: which entry of the window they are of.';
comment on column audit.ledger_rows.removed is 'Whether it took them away.';
comment on column audit.ledger_rows.records is '64 bytes a row: key, salt and digest, by key.';
comment on column audit.ledger_rows.contacts is 'The contact of each row, in the same order.';
comment on table audit.ledger_head is 'How far the chain reaches: one row.';
comment on column audit.ledger_head.only_row is 'Always true: there is one row.';
comment on column audit.ledger_head.sequence is 'The last entry''s.';
comment on column audit.ledger_head.hash is 'The last entry''s.';
comment on column audit.ledger_head.first_sequence is 'The first entry of the chain.';
comment on table audit.replaced_rows is 'A row beside the log that a later load replaced, as it stood.';
comment on column audit.replaced_rows.relation is 'The table that it stood in.';
comment on column audit.replaced_rows.key is 'Its key, as in ledger_rows.';
comment on column audit.replaced_rows.window_end is 'The window''s end; -infinity: a decision.';
comment on column audit.replaced_rows."row" is 'The whole row.';
comment on column audit.replaced_rows.replaced_at is 'When it was replaced.';
comment on column audit.replaced_rows.replaced_in is 'When the transaction began that replaced it.';
comment on column audit.capture_decisions.decided_as is 'The database''s user who wrote it.';
comment on table audit.verifications is 'What a verification of the whole log found.';
comment on column audit.verifications.verified_at is 'When it ended.';
comment on column audit.verifications.sequence is 'The last entry of the ledger that it saw.';
comment on column audit.verifications.events is 'How many events it computed again.';
comment on column audit.verifications.findings is 'How many findings it had; 0: nothing was touched.';
comment on column audit.verifications.first_findings is 'The first of them, in words.';
