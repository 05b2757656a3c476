"""A contact as it was at a moment, and what differs between two.

The database undoes later events (audit.contact_as_of); this is the only place that asks it to.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contact_audit.evidence.values import canonical_text
from contact_audit.web.reading import Query, Row
from contact_audit.web.shown import Value, parse, value
from contact_audit.web.timeline import Author, Labels, author_of, sorted_fields


@dataclass(frozen=True)
class State:
    """A contact at a moment.

    Attributes:
        at: the moment.
        known: whether anything is known of this moment.
        exists: whether there was such a contact.
        values: field → JSON value; empty where it did not exist.
    """

    at: datetime
    known: bool
    exists: bool
    values: dict[str, Any]


@dataclass(frozen=True)
class Line:
    """A field at one moment, or at two.

    Attributes:
        field, label: its name, and what it was called then.
        first, second: its value at each moment (second: None where there is one moment only).
        differs: whether the two are different.
        changed: the last event before the (first) moment that changed it, with `author`; None: none that is covered.
        schema_change: the schema change that made it so after that event, where one did.
    """

    field: str
    label: str
    first: Value
    second: Value | None = None
    differs: bool = False
    changed: Row | None = None
    author: Author | None = None
    schema_change: Row | None = None


def state_at(query: Query, contact_id: str, at: datetime) -> State:
    """The state of a contact at a moment: events of that moment have happened."""
    found = query("state", contact_id=contact_id, at=at)
    if not found or not found[0]["present"]:
        return State(at, bool(found), False, {})
    row = found[0]
    custom = parse(row["custom_fields"])
    fields = {name: row[name] for name in ("name", "email", "primary_phone")}
    return State(at, True, True, {**fields, **{f"custom_fields.{key}": one for key, one in custom.items()}})


def lines(query: Query, contact: Row, state: State, labels: Labels) -> list[Line]:
    """Every field of a state, with the event or the schema change that made it so."""
    last, last_schema = (
        {row["field"]: row for row in query(name, contact_id=contact["contact_id"], at=state.at)}
        for name in ("last_changes", "last_schema_changes")
    )
    found = []
    for field in sorted_fields(state.values):
        label, kind = labels.of(contact["account_id"], field, state.at)
        changed = last.get(field)
        author = author_of(changed) if changed else None
        shown = value(state.values[field], kind)
        found.append(Line(field, label, shown, changed=changed, author=author, schema_change=last_schema.get(field)))
    return found


def differences(contact: Row, first: State, second: State, labels: Labels) -> list[Line]:
    """Every field of two states, those that differ first."""
    found = []
    for field in sorted_fields(first.values.keys() | second.values.keys()):
        label, kind = labels.of(contact["account_id"], field, second.at)
        one, other = first.values.get(field), second.values.get(field)
        differs = canonical_text(one) != canonical_text(other)
        found.append(Line(field, label, value(one, kind), value(other, kind), differs))
    return sorted(found, key=lambda line: not line.differs)
