"""The audit log, its tables and views."""

from contact_audit.log.migrations import execute

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, then the views over them."""
    execute("0001/schema")
    execute("0001/schema_changes")
    execute("0001/views")
