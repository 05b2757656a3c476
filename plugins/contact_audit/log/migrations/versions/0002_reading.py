"""Reading: the feed, contact_history and the activity views."""

from contact_audit.log.migrations import execute

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the feed, then the views; 0003, always in the same upgrade, says what all of them mean and who may read."""
    execute("0002/feed")
    execute("0002/reading")
