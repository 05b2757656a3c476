"""Schema captures: captures of helpdesks that keep none, and their journal as it was when first seen."""

from contact_audit.log.migrations import execute

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the schema and its tables."""
    execute("0005/captures")
