"""What watches have found, and how far they have looked."""

from contact_audit.log.migrations import execute

revision = "0014"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    execute("0014/alerts")
