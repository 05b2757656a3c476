"""Reading years at once: audit.daily_activity, counted ahead; what everything means, and the role of those who only read."""

from contact_audit.log.migrations import execute

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the counts and count what is there, then comment on all there is, then let the reader read."""
    execute("0003/daily_counts")
    execute("0003/comments")
    execute("0003/reader")
