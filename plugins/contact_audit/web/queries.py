"""What the page asks of the audit database: include/sql/audit/read/*.sql with their parameters."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from contact_audit.web.filters import Filters, Place, like, place_parameters
from contact_audit.web.reading import Query, Row
from contact_audit.web.timeline import Labels

PAGE = 50
WHOLE = 200
"""As many events of a contact are read at once, for its first page: most have no more, and one reading tells all of them."""
FOUND = 50
_FACETS_OF_ALL = timedelta(days=30)
_KEPT_SECONDS = 300.0
_FEWEST_DIGITS = 4
_AUTHORS = 100

_NO_FILTERS = Filters()


@dataclass(frozen=True)
class Page:
    """Some events, and the place from which the next page goes on (None: there is no more)."""

    rows: list[Row]
    next: Place | None

    def first(self, most: int) -> "Page":
        """The first of these events, as a page."""
        return self if len(self.rows) <= most else Page(self.rows[:most], Place.of(self.rows[most - 1]))


@dataclass(frozen=True)
class Coverage:
    """What the log covers: the row of coverage.sql, and the gaps in it, newest first."""

    row: Row
    gaps: list[tuple[datetime, datetime]]

    @property
    def until(self) -> datetime | None:
        """Complete up to."""
        at: datetime | None = self.row["data_complete_up_to"]
        return at

    @property
    def since(self) -> datetime | None:
        """Complete from."""
        at: datetime | None = self.row["data_complete_from"]
        return at

    @property
    def is_late(self) -> bool:
        """Whether the next sync should have been through."""
        due = self.row["next_due"]
        return due is not None and self.row["read_at"] - due > timedelta(minutes=15)


class Memory:
    """What need not be asked anew for each page: values with the time until which they are good."""

    def __init__(self, seconds: float = _KEPT_SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._kept: dict[Any, tuple[float, Any]] = {}

    def get(self, key: Any, make: Any, times: float = 1) -> Any:
        """The value of a key, made by `make` unless it is there and young enough; `times` as long where the key says all."""
        now = time.monotonic()
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and now < kept[0]:
            return kept[1]
        value = make()
        with self._lock:
            self._kept = {name: old for name, old in self._kept.items() if now < old[0]}
            self._kept[key] = (now + times * self._seconds, value)
        return value


def events(
    query: Query,
    filters: Filters = _NO_FILTERS,
    contact_id: str | None = None,
    after: Place | None = None,
    most: int = PAGE,
    others: Sequence[str] = (),
) -> Page:
    """A page of events, newest first; `others`: contacts whose events come along with those of the contact."""
    rows = query(
        "events",
        contact_id=None if others else contact_id,
        contacts=[contact_id, *others] if others else None,
        event_id=None,
        most=most + 1,
        **filters.parameters(),
        **place_parameters(after),
    )
    return Page(rows[:most], Place.of(rows[most - 1]) if len(rows) > most else None)


def event(query: Query, event_id: str) -> Row | None:
    """One event."""
    none = {**_NO_FILTERS.parameters(), **place_parameters(None)}
    rows = query("events", contact_id=None, contacts=None, event_id=event_id, most=1, **none)
    return rows[0] if rows else None


def contact(query: Query, contact_id: str) -> Row | None:
    """A contact as of the newest capture; None where neither captures nor events know it."""
    rows = query("contact", contact_id=contact_id) or query("contact_never_captured", contact_id=contact_id)
    return rows[0] if rows else None


def find(query: Query, text: str, most: int = FOUND) -> list[Row]:
    """Contacts by id, name, email or phone; one more than `most` where there are more."""
    text = text.strip()
    if not text:
        return []
    found = query("find", text=text, start=f"{like(text)}%", most=most + 1)
    if len(found) <= most:
        digits = "".join(one for one in text if one.isdecimal() and one.isascii())
        is_phone = len(digits) >= _FEWEST_DIGITS and not any(one.isalpha() for one in text)
        within = query(
            "find_within", inside=f"%{like(text)}%", digits=f"%{digits}%" if is_phone else None, most=most + 1
        )
        known = {row["contact_id"] for row in found}
        found += [row for row in within if row["contact_id"] not in known]
    return found[: most + 1]


def coverage(query: Query, memory: Memory) -> Coverage:
    """What the log covers now."""
    (row,) = query("coverage")
    # Gaps come and go with loads.
    gaps = memory.get(
        ("gaps", row["feed_position"]),
        lambda: [(gap["gap_start"], gap["gap_end"]) for gap in query("gaps")],
        times=40,
    )
    return Coverage(row, gaps)


def older_rules(query: Query, memory: Memory, coverage: Coverage) -> Row:
    """How many windows an older version of the rules loaded, and what renews them; asked anew only after a load."""
    row: Row = memory.get(("older", coverage.row["feed_position"]), lambda: query("older_rules")[0])
    return row


def facets(query: Query, contact_id: str, others: Sequence[str] = ()) -> Row:
    """What one contact's events, and those of the others, can be filtered by, and how many they are."""
    return query("facets", contacts=[contact_id, *others])[0]


def facets_of(rows: list[Row]) -> Row:
    """The same, where these are all of a contact's events."""
    authors: dict[tuple[str, str | None, str | None], list[Any]] = {}
    for row in rows:
        kind, key, name = row["author_type"], row["author_id"], row["author_name"]
        if key is not None or name is not None:
            author = authors.setdefault((kind, key, name if key is None else None), [kind, key, name, 0])
            author[2] = max((one for one in (author[2], name) if one is not None), default=None)
            author[3] += 1
    return {
        "events": len(rows),
        "unattributed": sum(row["attribution"] == "unattributed" for row in rows),
        "channels": sorted({row["channel"] for row in rows if row["channel"] is not None}),
        "authors": sorted(authors.values(), key=lambda author: -author[3])[:_AUTHORS],
        "fields": sorted({field for row in rows for field in row["fields"]}),
    }


def facets_of_all(query: Query, memory: Memory) -> Row:
    """What all contacts' events can be filtered by: of late, since there may be very many."""
    row: Row = memory.get(
        "facets", lambda: query("facets_of_all", since=(datetime.now(UTC) - _FACETS_OF_ALL).date())[0]
    )
    return row


def top_authors(query: Query, memory: Memory, coverage: Coverage, since: datetime, until: datetime) -> list[Row]:
    """The authors with most events in a span; asked anew only after a load."""
    found: list[Row] = memory.get(
        ("authors", coverage.row["feed_position"], since, until),
        lambda: query("top_authors", since=since, until=until),
        times=40,  # until the next load: the key holds the feed's position
    )
    return found


def labels(query: Query, rows: list[Row], more: tuple[str, ...] = ()) -> Labels:
    """The labels of all fields in the accounts of these rows."""
    return Labels(query, {*(row["account_id"] for row in rows), *more})


def evidence(query: Query, row: Row, candidates: str) -> Row:
    """What an event rests on, beyond its row."""
    (found,) = query(
        "evidence",
        contact_id=row["contact_id"],
        event_id=row["event_id"],
        occurred_after=row["occurred_after"],
        occurred_at=row["occurred_at"],
        candidates=candidates,
        previous_snapshot_id=row["previous_snapshot_id"],
    )
    return found
