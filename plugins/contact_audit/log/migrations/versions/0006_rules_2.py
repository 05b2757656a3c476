"""Rules version 2: the account of each moment, and which windows an older version loaded."""

from contact_audit.log.migrations import execute

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Put readers' views and words in their newer form."""
    execute("0006/rules_2")
