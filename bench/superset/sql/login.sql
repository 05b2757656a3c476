-- A login for a reporting tool: what contact_audit_reader may, and no more. A day begins at midnight UTC, as in
-- daily_activity, also where Superset cuts occurred_at into days.
create role {login} login password %(password)s in role contact_audit_reader;
alter role {login} set timezone = 'UTC';
alter role {login} set statement_timeout = '60s';
