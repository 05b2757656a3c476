"""The rows that the demo makes, as named tuples in the order of their tables' columns.

Moments are aware datetimes in UTC; jsonb columns are JSON text, as the database would show it.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from contact_audit.demo.fields import CustomField


class Capture(NamedTuple):
    """A row of helpdesk.snapshots."""

    snapshot_id: int
    captured_at: datetime
    kind: str


class State(NamedTuple):
    """A contact as a capture shows it."""

    contact_id: int
    account_id: int
    name: str | None
    email: str | None
    primary_phone: str | None
    custom_fields: str
    created_at: datetime
    deleted: bool


class CapturedContact(NamedTuple):
    """A row of helpdesk.contact_snapshots."""

    snapshot_id: int
    contact_id: int
    account_id: int
    name: str | None
    email: str | None
    primary_phone: str | None
    custom_fields: str
    created_at: datetime
    deleted: bool


class JournalEntry(NamedTuple):
    """A row of helpdesk.contact_journal."""

    entry_id: int
    contact_id: int
    account_id: int
    occurred_at: datetime
    recorded_at: datetime
    action: str
    author_type: str | None
    author_id: str | None
    author_name: str | None
    ip_address: str | None
    channel: str | None
    changes: str | None


class Deed(NamedTuple):
    """What somebody truly did to a contact, whatever the journal says of it.

    `changes` has every field with its old and new value, `[]` where the deed had no effect. `telling` says how the
    journal tells it: `values`, `names`, `mixed`, `bare`, `upsert`, `empty` (`[]`) or `missing`; `story` is the kind of
    event it belongs to.
    """

    moment: datetime
    contact_id: int
    account_id: int
    action: str
    author_type: str
    author_id: str | None
    author_name: str | None
    ip_address: str | None
    channel: str
    changes: str
    telling: str
    story: str


@dataclass
class World:
    """All rows of a demo helpdesk up to its last capture, and the truth behind them; each list makes a frame as it is.

    Attributes:
        snapshots: the captures, oldest first.
        contact_snapshots: the captures' contacts, in order of capture and contact.
        contact_journal: the entries, in the order in which they became visible.
        custom_fields: the fields' labels and types.
        deeds: what truly happened, in order of time. Never loaded into the helpdesk.
    """

    snapshots: list[Capture] = field(default_factory=list)
    contact_snapshots: list[CapturedContact] = field(default_factory=list)
    contact_journal: list[JournalEntry] = field(default_factory=list)
    custom_fields: list[CustomField] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)


def to_json(value: object) -> str:
    """Compact JSON text; keeps 12.0 apart from 12, and the order of lists."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
