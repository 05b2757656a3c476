"""What the rows of each loaded capture came to, to see whether they have changed since."""

from contact_audit.log.migrations import execute

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    execute("0008/capture_contents")
