"""Rows of events as a reader sees them: day by day, who, when, from where, what changed, how the author is known.

Pure: rows and labels in, records for the templates out.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any, ClassVar, Protocol

from contact_audit.web.reading import Query, Row
from contact_audit.web.shown import Change, change, parse, seen
from contact_audit.web.texts import TEXTS, channel_name, say

_BASE_FIELDS = ("name", "email", "primary_phone", "account_id")
_FIRST = {field: place for place, field in enumerate(_BASE_FIELDS)}
LONGEST_FILTER = 500
"""What an address takes as a filter."""
_LONGEST_AGO = datetime.min.replace(tzinfo=UTC)


class Labels:
    """What fields were called, at any time."""

    def __init__(self, query: Query, accounts: Iterable[str]) -> None:
        self._known: dict[tuple[str, str], list[Row]] = {}
        for row in query("labels", accounts=sorted(set(accounts))):
            self._known.setdefault((row["account_id"], row["field"]), []).append(row)

    def of(self, account_id: str, field: str, at: datetime) -> tuple[str, str | None]:
        """A field's label and type at a moment; before it had one, its first; without one, its plain name."""
        if field in _FIRST:
            return say(f"field_{field}"), "text"
        known = self._known.get((account_id, field))
        if not known:
            return field.removeprefix("custom_fields."), None
        of_the_time = [row for row in known if (row["since"] or _LONGEST_AGO) <= at]
        row = of_the_time[-1] if of_the_time else known[0]
        return row["label"], row["field_type"]

    def now(self) -> dict[str, str]:
        """Every field of these accounts with its newest label, sorted by label."""
        newest = {field: rows[-1]["label"] for (_, field), rows in self._known.items()}
        return dict(sorted(newest.items(), key=lambda item: str(item[1]).lower()))


@dataclass(frozen=True)
class Author:
    """Who made an event: kind, name in words, and the filter that finds all of his events (None: nobody is known)."""

    kind: str
    name: str
    known: bool
    filter: str | None


@dataclass(frozen=True)
class Event:
    """An event to show: its row, and what is made of it."""

    row: Row
    author: Author
    changes: list[Change]
    known: str
    channel: str | None
    is_span: bool
    is_event: ClassVar[bool] = True

    def __getattr__(self, name: str) -> Any:
        try:
            return self.row[name]
        except KeyError:
            raise AttributeError(name) from None


class Entry(Protocol):
    """What has a place in a timeline: an event, or a schema change."""

    @property
    def row(self) -> Row:
        """With occurred_at."""


@dataclass(frozen=True)
class Day:
    """The events of a day, in UTC."""

    title: str
    day: date
    events: list[Entry]


def events(rows: Sequence[Row], labels: Labels) -> list[Event]:
    """The rows as events to show."""
    return [
        Event(
            row,
            author_of(row),
            changes_of(row, labels),
            _known(row),
            row["channel"] and channel_name(row["channel"]),
            row["occurred_after"] != row["occurred_at"],
        )
        for row in rows
    ]


def days(shown: Sequence[Entry], today: date, continues: date | None = None) -> list[Day]:
    """Events, newest first, by day; `continues`: the day that the page before ended with."""
    found = []
    for day, group in groupby(shown, lambda event: event.row["occurred_at"].astimezone(UTC).date()):
        title = f"{day.day} {day:%B %Y}"
        if day == continues:
            title = say("continued", day=title)
        elif day == today:
            title = say("today", day=title)
        elif day == today - timedelta(days=1):
            title = say("yesterday", day=title)
        found.append(Day(title, day, list(group)))
    return found


def author_of(row: Row) -> Author:
    """The author of an event's or an entry's row."""
    kind, name, key = row["author_type"], row["author_name"], row["author_id"]
    if name or key:
        wanted = f"{kind}:{key or name}"
        return Author(kind, seen(name or key), True, wanted if len(wanted) <= LONGEST_FILTER else None)
    if kind != "unknown":
        return Author(kind, say(f"kind_{kind}"), True, None)
    return Author(kind, say("one_of" if row.get("attribution") == "ambiguous" else "unknown_author"), False, None)


def changes_of(row: Row, labels: Labels) -> list[Change]:
    """The changes of a row, each with its field's label of that time; none where it has no changes."""
    made = {one["field"]: one for one in parse(row["changes"] or "[]")}
    at, account = row["occurred_at"], row["account_id"]
    return [
        change(field, *labels.of(account, field, at), made[field]["old"], made[field]["new"])
        for field in sorted_fields(made)
    ]


def sorted_fields(fields: Iterable[str]) -> list[str]:
    """Name, email and phone first, then custom fields."""
    return sorted(fields, key=lambda field: (_FIRST.get(field, len(_FIRST)), field))


def minute(moment: datetime) -> str:
    """A moment, to the minute: 24 Nov 2026, 09:00 UTC."""
    return f"{moment.day} {moment:%b %Y, %H:%M} {say('utc')}"


def second(moment: datetime) -> str:
    """A moment, to the second."""
    return f"{moment.day} {moment:%b %Y, %H:%M:%S} {say('utc')}"


def near(moment: datetime, now: datetime) -> str:
    """A moment as short as it can be: today, 09:00 UTC; a midnight is its day."""
    if moment.date() == now.astimezone(UTC).date():
        return say("near_today", time=f"{moment:%H:%M} {say('utc')}")
    return f"{moment.day} {moment:%b %Y}" if moment.time() == datetime.min.time() else minute(moment)


def window(span: tuple[datetime, datetime]) -> str:
    """A window: 24 Nov 2026, 21:00–00:00 UTC, by the day it starts."""
    start, end = (moment.astimezone(UTC) for moment in span)
    return f"{start.day} {start:%b %Y, %H:%M}–{end:%H:%M} {say('utc')}"


def _known(row: Row) -> str:
    several = row["candidates"]
    count = len(several) if several else 0
    words = TEXTS[f"{row['attribution']}_words"]
    if row["attribution"] == "ambiguous":
        return words.format(count=count)
    return say("several_words", words=words, count=count) if several else words


def candidates_json(row: Row) -> str:
    """The candidates as JSON text, an empty list where there are none."""
    return json.dumps(row["candidates"] or [])
