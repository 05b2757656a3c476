"""The digests of a live source's persons in blocks, which a capture reads and writes in a fraction of the time."""

from contact_audit.log.migrations import execute

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Move the digests into blocks."""
    execute("0010/fingerprint_blocks")
