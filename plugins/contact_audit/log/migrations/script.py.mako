"""${message}."""

from contact_audit.log.migrations import execute

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Execute this revision's files."""
    ${upgrades if upgrades else 'execute("audit/...")'}
