"""Reading years at once: views without an order of their own, and audit.daily_activity, counted ahead."""

from contact_audit.log.migrations import execute

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the views anew, create the counts and count what is there, then comment and let the reader read as before."""
    execute("audit/views")
    execute("audit/daily_counts")
    execute("audit/comments")
    execute("audit/reader")
