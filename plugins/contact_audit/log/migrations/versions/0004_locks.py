"""Locks that only those who may write can take."""

from contact_audit.log.migrations import execute

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the rows that loads lock, and let the functions of the feed and of the counts lock them."""
    execute("0004/locks")
