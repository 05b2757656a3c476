"""The audit log, its tables and views."""

from contact_audit.log.migrations import execute

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, then the views over them."""
    execute("audit/schema")
    execute("audit/schema_changes")
    execute("audit/views")
