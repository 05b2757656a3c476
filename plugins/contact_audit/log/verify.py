"""Verify: every row of the log computed again and held against the ledger's chain; what was touched, named.

Reads month by month, and contacts in pieces, in one snapshot, so that memory stays bounded; docs/trust.md says what is digested, to the
byte.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg2.extensions import connection as Connection

from contact_audit.database import audit_connection
from contact_audit.log import continuity, guards
from contact_audit.log.findings import NUMBERED, Finding, rows
from contact_audit.sql import statement

_FIRST = 20


@dataclass(frozen=True)
class Head:
    """How far the chain reaches, and what was computed again.

    Attributes:
        sequence, hash: of the chain's last entry; entries, events: how many there are.
        notes: sentences about what is no finding and yet is to be known.
    """

    sequence: int
    hash: str
    entries: int
    events: int
    notes: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The head on one line."""
        return f"{self.events:,} events, {self.entries:,} entries of the ledger, up to sequence {self.sequence}, hash {self.hash}"


@dataclass(frozen=True)
class More:
    """What another look found: findings, and sentences about what is none."""

    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


def head(connection: Connection) -> Head:
    """The chain's head."""
    (row,) = rows(connection, "head")
    return Head(int(row["sequence"]), row["hash"] or "", int(row["entries"]), int(row["events"]))


def findings(connection: Connection, since: datetime | None = None, until: datetime | None = None) -> Iterator[Finding]:
    """Everything that is not as it was written; the rows of windows within (since, until] only, the chain always whole."""
    named: set[str | None] = set()
    yield from guards.findings(connection)
    for row in rows(connection, "chain"):
        yield Finding(row["problem"], sequence=int(row["sequence"]))
    for month in rows(connection, "months"):
        if _outside(month, since, until):
            continue
        for row in rows(connection, "rows", after=month["after"], until=month["until"]):
            found = _finding(row)
            if found.relation == "contact_audit_log":
                named |= {found.contact_id, found.row}
            yield found
    for found in continuity.findings(connection):
        # of a contact with a touched event the rest follows from that
        if not {found.contact_id, found.row} & named:
            yield found


def verify(
    dsn: str, since: datetime | None = None, until: datetime | None = None, more: Callable[[], More] | None = None
) -> tuple[Head, list[Finding]]:
    """The head and all findings. The result of a whole verification is kept in audit.verifications.

    `more`: what else is to be looked at, after this; its findings and notes count among these.
    """
    with audit_connection(dsn, snapshot=True) as connection:
        with connection.cursor() as cursor:
            cursor.execute(statement("audit/verify/session"))
        reached = head(connection)
        found = list(findings(connection, since, until))
        notes = guards.gaps(connection)
    beside = more() if more is not None else More()
    found, notes = [*found, *beside.findings], [*notes, *beside.notes]
    if since is None and until is None:
        with audit_connection(dsn) as connection, connection.cursor() as cursor:
            values = {
                "sequence": reached.sequence,
                "events": reached.events,
                "findings": len(found),
                "first_findings": [one.line for one in found[:_FIRST]],
            }
            cursor.execute(statement("audit/verify/keep"), values)
    return replace(reached, notes=tuple(notes)), found


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
            if row["relation"] in NUMBERED
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
