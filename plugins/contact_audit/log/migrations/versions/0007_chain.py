"""The ledger as a chain of hashes over every row of the log and beside it."""

from contact_audit.log.migrations import execute

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create digests and chain, then enter what stands already as it is."""
    for name in ("entries", "digests", "records", "seal", "chain", "before", "comments"):
        execute(f"0007/{name}")
