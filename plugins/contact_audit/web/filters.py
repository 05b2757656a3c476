"""What a reader asks for: filters, a place in the list, moments; from an address and back into one.

An empty parameter is as none, so that a form may send all of its fields.
"""

import base64
import binascii
import json
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, get_args
from urllib.parse import urlencode
from uuid import UUID

from contact_audit.errors import ContactAuditError

Action = Literal["create", "update", "delete", "restore"]
Kind = Literal["contact", "agent", "admin", "integration", "system", "unknown"]
Attribution = Literal["recorded", "matched", "inferred", "ambiguous", "unattributed", "unconfirmed"]
ACTIONS, KINDS, ATTRIBUTIONS = (get_args(choice) for choice in (Action, Kind, Attribution))

EXPORTS = ("csv", "parquet", "ocsf", "ecs")
"""The formats of contact_audit.export, which is not imported for their names alone."""


class BadRequestError(ContactAuditError):
    """A parameter of the address cannot be read; the message says which, and what it should be."""


@dataclass(frozen=True)
class Filters:
    """Which events to show; None lets all pass.

    Attributes:
        action, kind, attribution: one of the values of ACTIONS, KINDS, ATTRIBUTIONS.
        author: kind:id, kind:name for an author without an id, or a part of a name.
        channel, field: exactly so.
        account: that of the event, and of a move the one that it leads to.
        value: a part of an old or new value, whatever its case.
        since, until: a date, or a moment in ISO 8601; `since` is included, a day of `until`, too, a moment is not.
    """

    action: str | None = None
    author: str | None = None
    kind: str | None = None
    channel: str | None = None
    account: str | None = None
    field: str | None = None
    attribution: str | None = None
    value: str | None = None
    since: str | None = None
    until: str | None = None

    @classmethod
    def from_address(cls, given: dict[str, str | None]) -> "Filters":
        """Read the parameters action, author, kind, channel, account, field, attribution, value, from, to."""
        renamed = {**given, "since": given.get("from"), "until": given.get("to")}
        values = {field.name: (renamed.get(field.name) or "").strip() or None for field in fields(cls)}
        for name, choices in (("action", ACTIONS), ("kind", KINDS), ("attribution", ATTRIBUTIONS)):
            if values[name] is not None and values[name] not in choices:
                raise BadRequestError(f"{name}={values[name]}: must be one of {', '.join(choices)}")
        filters = cls(**values)
        filters.parameters()  # whatever cannot be read is said now
        return filters

    @property
    def can_be_exported(self) -> bool:
        """Whether an export knows these filters: not a part of a value or of a name, a kind of author, nor an account."""
        of, colon, _ = (self.author or "contact:").partition(":")
        return self.value is None and self.kind is None and self.account is None and bool(colon) and of in KINDS

    @property
    def of_events_alone(self) -> bool:
        """Whether a filter is set that a schema change cannot pass, as it has a time and a field, but no author."""
        return bool(self.given().keys() - {"from", "to", "field"})

    def given(self) -> dict[str, str]:
        """The filters that are set, by their names in an address."""
        names = {"since": "from", "until": "to"}
        return {
            names.get(field.name, field.name): text for field in fields(self) if (text := getattr(self, field.name))
        }

    def address(self, **more: Any) -> str:
        """A query string with these filters, and more parameters or others (None: without)."""
        wanted = {**self.given(), **more}
        return urlencode({name: text for name, text in wanted.items() if text is not None})

    def parameters(self) -> dict[str, Any]:
        """The values that include/sql/audit/read/events.sql takes for them."""
        kind, author, author_name = self.kind, None, None
        if self.author:
            of, colon, name = self.author.partition(":")
            if colon and of in KINDS and kind in (None, of):
                kind, author = of, name
            else:
                author_name = _containing(self.author)
        return {
            "action": self.action,
            "kind": kind,
            "author": author,
            "author_name": author_name,
            "channel": self.channel,
            "account": self.account,
            "moved_to": self.account and json.dumps([{"field": "account_id", "new": self.account}]),
            "field": None if self.field is None else json.dumps([self.field]),
            "attribution": self.attribution,
            # as it stands within JSON text
            "value": None if self.value is None else _containing(json.dumps(self.value, ensure_ascii=False)[1:-1]),
            "since": None if self.since is None else moment(self.since, "from"),
            "until": None if self.until is None else moment(self.until, "to", end=True),
        }


@dataclass(frozen=True)
class Place:
    """A place in the list of events: right after this one."""

    occurred_at: datetime
    window_end: datetime
    sequence: int
    event_id: UUID

    @classmethod
    def of(cls, event: dict[str, Any]) -> "Place":
        """The place of an event's row."""
        return cls(event["occurred_at"], event["window_end"], event["sequence"], UUID(event["event_id"]))

    @classmethod
    def from_text(cls, text: str) -> "Place":
        """Read what `text` gave."""
        try:
            at, window, sequence, event = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            place = cls(datetime.fromisoformat(at), datetime.fromisoformat(window), int(sequence), UUID(event))
        except (ValueError, TypeError, AttributeError, binascii.Error) as error:
            raise BadRequestError("after: not a place that a page of this list has given") from error
        if place.occurred_at.tzinfo is None or place.window_end.tzinfo is None:
            raise BadRequestError("after: not a place that a page of this list has given")
        return place

    def text(self) -> str:
        """For an address."""
        parts = (self.occurred_at.isoformat(), self.window_end.isoformat(), self.sequence, str(self.event_id))
        return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


def place_parameters(place: Place | None) -> dict[str, Any]:
    """The values that include/sql/audit/read/events.sql takes for a place."""
    return {
        "after_at": place and place.occurred_at,
        "after_window": place and place.window_end,
        "after_sequence": place and place.sequence,
        "after_event": place and str(place.event_id),
    }


def moment(text: str, name: str, end: bool = False) -> datetime:
    """A moment in UTC of a date (its start, or the next one's with `end`) or of a moment; UTC unless it says otherwise."""
    try:
        if len(text) == len("2026-11-24"):
            day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
            return day + timedelta(days=1) if end else day
        # a plus that was not escaped in an address is a space there
        at = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        return (at.replace(tzinfo=UTC) if at.tzinfo is None else at).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadRequestError(
            f"{name}={text}: must be a date (2026-11-24) or a moment (2026-11-24T09:00:00Z)"
        ) from error


def event_id(text: str) -> str:
    """An event's id, as it stands in the log."""
    try:
        return str(UUID(text))
    except ValueError as error:
        raise BadRequestError(f"{text}: not the id of an event") from error


def like(text: str) -> str:
    """The text with what `like` would take for a wildcard escaped."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _containing(text: str) -> str:
    return f"%{like(text)}%"
