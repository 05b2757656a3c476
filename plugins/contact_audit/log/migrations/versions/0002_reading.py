"""Reading: the feed, contact_history and the activity views, what everything means, and the role of those who only read."""

from contact_audit.log.migrations import execute

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the views, then comment on all there is, then let the reader read."""
    execute("audit/feed")
    execute("audit/reading")
    execute("audit/comments")
    execute("audit/reader")
