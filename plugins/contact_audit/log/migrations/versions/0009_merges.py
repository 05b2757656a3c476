"""Who was merged into whom, and in whose name an author acted."""

from contact_audit.log.migrations import execute

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, what their digests are, and the views that show them."""
    for name in ("columns", "digests", "views"):
        execute(f"0009/{name}")
