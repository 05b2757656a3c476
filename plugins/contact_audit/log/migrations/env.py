"""What Alembic runs around the revisions: they join the transaction that contact_audit.log.migrations.upgrade has begun."""

from alembic import context

from contact_audit.log.migrations import SCHEMA, VERSION_TABLE

given = context.config.attributes.get("connection")
if given is None:
    raise SystemExit("Run: make migrate")

context.configure(connection=given, version_table=VERSION_TABLE, version_table_schema=SCHEMA)
with context.begin_transaction():
    context.run_migrations()
