"""Fields that changed for all contacts of an account at once, as a reader sees them: in their place among the events.

A schema change is no event, nobody's deed: without it, a value of a contact would come or go, and nothing would say why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from contact_audit.web.filters import Filters, Place
from contact_audit.web.reading import Query, Row
from contact_audit.web.shown import Change, seen
from contact_audit.web.texts import counted, say
from contact_audit.web.timeline import Event, Labels, changes_of

MOST = 500
_WORDS = {"appeared": "schema_appeared", "disappeared": "schema_disappeared", "renamed": "schema_renamed"}


@dataclass(frozen=True)
class Found:
    """Schema changes, newest first, and how many older ones there are beyond the limit."""

    rows: list[Row]
    left_off: int = 0


@dataclass(frozen=True)
class SchemaChange:
    """A schema change to show.

    Attributes:
        row: its row.
        words: what happened to which field; extent: for how many contacts, and between which captures.
        changes: the contact's values of the fields; none where it is told of all contacts.
    """

    row: Row
    words: str
    extent: str
    changes: list[Change]
    is_event: ClassVar[bool] = False
    is_span: ClassVar[bool] = True
    action: ClassVar[str] = "update"

    def __getattr__(self, name: str) -> Any:
        try:
            return self.row[name]
        except KeyError:
            raise AttributeError(name) from None


def schema_changes(
    query: Query,
    filters: Filters,
    contact_id: str | None = None,
    from_: datetime | None = None,
    before: datetime | None = None,
    most: int = MOST,
) -> Found:
    """Those in [from_, before) that pass the filters; of a contact, those that changed its values, with these values."""
    if filters.of_events_alone:
        return Found([])
    given = filters.parameters()
    values = {
        "field": filters.field,
        "since": max((at for at in (given["since"], from_) if at), default=None),
        "until": min((at for at in (given["until"], before) if at), default=None),
        "most": most,
    }
    of_contact = {} if contact_id is None else {"contact_id": contact_id}
    rows = query("contact_schema_changes" if of_contact else "schema_changes", **values, **of_contact)
    found = rows[0]["found"] if rows else 0
    return Found([{name: row[name] for name in row if name != "found"} for row in rows], found - len(rows))


def of_page(query: Query, filters: Filters, contact_id: str | None, after: Place | None, next_: Place | None) -> Found:
    """Those of a page of events, which goes on after one place and ends with the other; each is of exactly one page.

    At the moment of an event a schema change is the newer: where a page ends with an event, what is of its moment is on it.
    """
    from_, before = (None if place is None else place.occurred_at for place in (next_, after))
    return schema_changes(query, filters, contact_id, from_, before)


def among(events: Sequence[Event], changes: Sequence[SchemaChange]) -> list[Event | SchemaChange]:
    """Events and schema changes, both newest first, in one such list."""
    # sorting keeps the order of those of one moment: schema changes first, events in the log's order
    return sorted([*changes, *events], key=lambda entry: entry.row["occurred_at"], reverse=True)


def shown(rows: Sequence[Row], labels: Labels) -> list[SchemaChange]:
    """The rows as schema changes to show."""
    return [SchemaChange(row, _words(row, labels), _extent(row), changes_of(row, labels)) for row in rows]


def fields_of(rows: Sequence[Row]) -> set[str]:
    """The fields, by their old and new names."""
    return {field for row in rows for field in (row["field"], row["renamed_to"]) if field is not None}


def _words(row: Row, labels: Labels) -> str:
    account, field, to = row["account_id"], row["field"], row["renamed_to"]
    at = row["occurred_at"] if row["kind"] == "appeared" else row["occurred_after"]
    names = [labels.of(account, field, at)[0]]
    if to is not None:
        names.append(labels.of(account, to, row["occurred_at"])[0])
        if names[0] == names[1]:  # only its name within the helpdesk is another one
            names = [
                f"{name} ({key.removeprefix('custom_fields.')})" for name, key in zip(names, (field, to), strict=True)
            ]
    return say(_WORDS[row["kind"]], field=seen(names[0]), to=seen(names[-1]))


def _extent(row: Row) -> str:
    return say(
        "schema_extent",
        contacts=counted("schema_contacts", row["contacts"]),
        account=seen(row["account_id"]),
        previous=str(row["previous_snapshot_id"]),
        current=str(row["snapshot_id"]),
    )
