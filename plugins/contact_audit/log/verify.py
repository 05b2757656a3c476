"""Verify: every row of the log computed again and held against the ledger's chain; what was touched, named.

Reads month by month in one snapshot, so that memory stays bounded; docs/trust.md says what is digested, to the byte.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg2.extensions import connection as Connection

from contact_audit.database import audit_connection
from contact_audit.sql import statement

_EVENTS = {"contact_audit_log": "event", "superseded_events": "superseded event", "schema_changes": "schema change"}
_NUMBERED = {
    "entries_without_event": "entry without an event",
    "rejected_rows": "rejected row",
    "capture_decisions": "decision on capture",
}
_FIRST = 20


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
            where.append(f"{(_EVENTS | _NUMBERED).get(self.relation, self.relation)} {self.row}")
        elif self.relation:
            where.append(self.relation)
        return f"{', '.join(where) or 'database'}: {self.problem}"


@dataclass(frozen=True)
class Head:
    """How far the chain reaches, and what was computed again: entries and events."""

    sequence: int
    hash: str
    entries: int
    events: int


def head(connection: Connection) -> Head:
    """The chain's head."""
    (row,) = _rows(connection, "head")
    return Head(int(row["sequence"]), row["hash"] or "", int(row["entries"]), int(row["events"]))


def findings(connection: Connection, since: datetime | None = None, until: datetime | None = None) -> Iterator[Finding]:
    """Everything that is not as it was written; the rows of windows within (since, until] only, the chain always whole."""
    for row in _rows(connection, "triggers"):
        yield Finding(f"the trigger {row['trigger']} on audit.{row['relation']} is missing or switched off")
    for row in _rows(connection, "chain"):
        yield Finding(row["problem"], sequence=int(row["sequence"]))
    for month in _rows(connection, "months"):
        if _outside(month, since, until):
            continue
        for row in _rows(connection, "rows", after=month["after"], until=month["until"]):
            yield _finding(row)


def verify(dsn: str, since: datetime | None = None, until: datetime | None = None) -> tuple[Head, list[Finding]]:
    """The head and all findings. The result of a whole verification is kept in audit.verifications."""
    with audit_connection(dsn, snapshot=True) as connection:
        with connection.cursor() as cursor:
            cursor.execute(statement("audit/verify/session"))
        reached = head(connection)
        found = list(findings(connection, since, until))
    if since is None and until is None:
        with audit_connection(dsn) as connection, connection.cursor() as cursor:
            values = {
                "sequence": reached.sequence,
                "events": reached.events,
                "findings": len(found),
                "first_findings": [one.line for one in found[:_FIRST]],
            }
            cursor.execute(statement("audit/verify/keep"), values)
    return reached, found


def _rows(connection: Connection, name: str, **values: Any) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement(f"audit/verify/{name}"), values)
        columns = [column.name for column in cursor.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def _outside(month: dict[str, Any], since: datetime | None, until: datetime | None) -> bool:
    after, end = (
        None if "infinity" in text else datetime.fromisoformat(text) for text in (month["after"], month["until"])
    )
    too_early = since is not None and end is not None and end <= since
    too_late = until is not None and after is not None and after >= until
    return too_early or too_late


def _finding(row: dict[str, Any]) -> Finding:
    key, window_end = row["key"], row["window_end"]
    named = None
    if key is not None:
        number = bytes(key)
        named = (
            str(int.from_bytes(number[8:], "big", signed=True))
            if row["relation"] in _NUMBERED
            else str(UUID(bytes=number))
        )
    return Finding(
        row["problem"],
        sequence=row["sequence"],
        window_end=window_end if isinstance(window_end, datetime) and window_end.year > 1 else None,
        relation=row["relation"],
        row=named,
        contact_id=row["contact_id"],
    )
