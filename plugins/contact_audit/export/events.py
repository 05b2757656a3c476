"""The events of an export as Arrow tables, one batch at a time, and what they cover; both in one snapshot of the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import psycopg2.extras
import pyarrow as pa
from psycopg2.extensions import connection as Connection

from contact_audit.database import audit_connection, need_reader_role
from contact_audit.export.request import Request
from contact_audit.sql import statement

BATCH = 5_000
"""Rows of one batch: some ten megabytes with everything made of them."""

_TIME = pa.timestamp("us", tz="UTC")
COLUMNS = pa.schema(
    [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("contact_id", pa.string(), nullable=False),
        pa.field("contact_name", pa.string()),
        pa.field("action", pa.string(), nullable=False),
        pa.field("author_type", pa.string(), nullable=False),
        pa.field("author_id", pa.string()),
        pa.field("author_name", pa.string()),
        pa.field("ip_address", pa.string()),
        pa.field("channel", pa.string()),
        pa.field("occurred_at", _TIME, nullable=False),
        pa.field("occurred_after", _TIME, nullable=False),
        pa.field("activity", pa.string()),
        pa.field("fields", pa.list_(pa.string()), nullable=False),
        pa.field("changes", pa.string(), nullable=False),  # JSON text
        pa.field("attribution", pa.string(), nullable=False),
        pa.field("journal_entry_id", pa.int64()),
        pa.field("candidates", pa.list_(pa.int64())),
        pa.field("previous_snapshot_id", pa.int64()),
        pa.field("snapshot_id", pa.int64()),
        pa.field("window_start", _TIME, nullable=False),
        pa.field("window_end", _TIME, nullable=False),
        pa.field("sequence", pa.int32(), nullable=False),
        pa.field("rules_version", pa.int32(), nullable=False),
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("loaded_at", _TIME, nullable=False),
        pa.field("merged_into", pa.string()),
        pa.field("on_behalf_of", pa.string()),
    ]
)
"""audit.contact_activity as exports have it, newest first; changes and lists as in the log."""


@dataclass(frozen=True)
class Coverage:
    """What the log covered when the export was read.

    Attributes:
        complete_from, complete_until: the time that the log covers; None before the first load.
        next_due: when the next sync is due.
        waiting_entries, waiting_since: journal entries that wait for the next capture.
        gaps: [start, end] (ISO) of stretches of the export's span that were not loaded.
        feed_position: the last position of audit.event_feed: what comes after it is not in the export.
    """

    complete_from: datetime | None
    complete_until: datetime | None
    next_due: datetime | None
    waiting_entries: int
    waiting_since: datetime | None
    gaps: list[list[str]]
    feed_position: int

    def line(self, most_gaps: int = 1000) -> str:
        """The same as a sentence; of very many gaps the first are named."""
        if self.complete_from is None or self.complete_until is None:
            return "Nothing is loaded yet."
        parts = [f"Complete from {_minute(self.complete_from)} to {_minute(self.complete_until)} UTC"]
        gaps = [
            f"{_minute(datetime.fromisoformat(a))} to {_minute(datetime.fromisoformat(b))}"
            for a, b in self.gaps[:most_gaps]
        ]
        if len(self.gaps) > most_gaps:
            gaps.append(f"and {len(self.gaps) - most_gaps:,} other gaps")
        parts.append(f"but not {', '.join(gaps)}" if gaps else "without gaps")
        if self.waiting_entries:
            parts.append(f"{self.waiting_entries} journal entries wait for the next capture")
        if self.next_due:
            parts.append(f"next sync due {_minute(self.next_due)} UTC")
        return "; ".join(parts) + "."

    def as_dict(self) -> dict[str, Any]:
        """For a manifest: moments as ISO text, and the sentence."""
        values = {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(self).items()
        }
        return values | {"line": self.line()}


class Reading:
    """One snapshot of the audit database, read-only, with the rights of contact_audit_reader.

    Attributes:
        coverage: what the log covered.
    """

    def __init__(self, connection: Connection, dsn: str, request: Request, timeout_seconds: float) -> None:
        self._connection = connection
        self._request = request
        with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
            cursor.execute(statement("audit/export/session"), {"milliseconds": int(timeout_seconds * 1000)})
            need_reader_role(dict(cursor.fetchone() or {}).get("taken_role"), dsn)
            cursor.execute(statement("audit/export/coverage"), {"since": request.start, "until": request.end})
            self.coverage = Coverage(**(cursor.fetchone() or {}))

    def batches(self, size: int = BATCH) -> Iterator[pa.Table]:
        """The events, newest first, at most `size` a table, as in COLUMNS; read as they are asked for."""
        with self._connection.cursor(name="contact_audit_export") as cursor:
            cursor.execute(statement("audit/export/events"), self._request.values())
            while rows := cursor.fetchmany(size):
                columns = [
                    pa.array(list(values), field.type)
                    for field, values in zip(COLUMNS, zip(*rows, strict=True), strict=True)
                ]
                yield pa.Table.from_arrays(columns, schema=COLUMNS)


@contextmanager
def reading(dsn: str, request: Request, timeout_seconds: float = 0) -> Iterator[Reading]:
    """Open a Reading; each statement of it ends after the timeout (0: none). Raises AuditDatabaseError or ConnectionLostError,
    ReaderRoleError where the role of those who only read cannot be taken on.
    """
    with audit_connection(dsn, snapshot=True) as connection:
        yield Reading(connection, dsn, request, timeout_seconds)


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
