"""What a verification finds: one thing that is not as it must be, said on one line without anybody's values."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg2.extensions import connection as Connection

from contact_audit.sql import statement

EVENTS = {"contact_audit_log": "event", "superseded_events": "superseded event", "schema_changes": "schema change"}
NUMBERED = {
    "entries_without_event": "entry without an event",
    "rejected_rows": "rejected row",
    "capture_decisions": "decision on capture",
}


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it was written.

    Attributes:
        problem: what is wrong, in words; sequence: the ledger's entry that it is about, or None.
        window_end: the window's end; relation: the table; row: which row of it; contact_id: whose it is. Each None where it is
            about none.
    """

    problem: str
    sequence: int | None = None
    window_end: datetime | None = None
    relation: str | None = None
    row: str | None = None
    contact_id: str | None = None

    @property
    def line(self) -> str:
        """The finding on one line."""
        where = [f"ledger sequence {self.sequence}"] if self.sequence is not None else []
        if self.window_end is not None:
            where.append(f"window {self.window_end.astimezone(UTC).isoformat()}")
        if self.contact_id:
            where.append("contact " + self.contact_id.encode("unicode_escape").decode())
        if self.relation and self.row:
            where.append(f"{(EVENTS | NUMBERED).get(self.relation, self.relation)} {self.row}")
        elif self.relation:
            where.append(self.relation)
        return f"{', '.join(where) or 'database'}: {self.problem}"


def rows(connection: Connection, name: str, **values: Any) -> list[dict[str, Any]]:
    """The rows of include/sql/audit/verify/<name>.sql."""
    with connection.cursor() as cursor:
        cursor.execute(statement(f"audit/verify/{name}"), values)
        columns = [column.name for column in cursor.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
