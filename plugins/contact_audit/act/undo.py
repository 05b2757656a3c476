"""Undo plans: what would take a choice of events back, as plan.json and as import files. Nothing is written to a helpdesk."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import orjson
import pandas as pd

from contact_audit.act.choice import Choice
from contact_audit.act.import_files import ImportFiles, import_files
from contact_audit.act.plan import REASONS, SECTIONS, plan
from contact_audit.act.reading import Found, Query, find, reading

_KEYS = {
    "set": ("account_id", "contact_id", "field", "now", "back_to", "events"),
    "recreate": ("account_id", "contact_id", "state", "events"),
    "remove": ("account_id", "contact_id", "events"),
    "conflicts": (
        *("account_id", "contact_id", "field", "now", "back_to", "why", "reason", "changed_at", "changed_by", "events"),
    ),
    "already_back": ("account_id", "contact_id", "field", "now", "back_to", "events"),
}
_VALUES = ("now", "back_to")


@dataclass(frozen=True)
class UndoPlan:
    """A plan.

    Attributes:
        made_at, complete_until: when it was made, and how far the log was complete; choice: of which events.
        events: how many are chosen; entries: as plan.py gives them; states: the touched contacts' values, as undo_states.sql gives them.
    """

    made_at: datetime
    complete_until: datetime | None
    choice: Choice
    events: int
    entries: pd.DataFrame
    states: pd.DataFrame

    def counts(self) -> dict[str, int]:
        """How many chosen changes are under each section; they add up to all changes of the events chosen."""
        counted = self.entries.groupby("section")["changes"].sum()
        return {section: int(counted.get(section, 0)) for section in SECTIONS}

    def contacts(self) -> dict[str, int]:
        """How many contacts each section is about."""
        counted = self.entries.groupby("section")["contact_id"].nunique()
        return {section: int(counted.get(section, 0)) for section in SECTIONS}

    def entry_counts(self) -> dict[str, int]:
        """How many entries each section has."""
        counted = self.entries["section"].value_counts()
        return {section: int(counted.get(section, 0)) for section in SECTIONS}

    def entries_of(self, section: str, most: int | None = None) -> list[dict[str, Any]]:
        """The first entries of a section as plan.json has them, now and back_to as JSON bytes."""
        rows = self._rows(section)
        rows = rows if most is None else rows.head(most)
        return [_entry(section, row) for row in rows.to_dict("records")]

    def _rows(self, section: str) -> pd.DataFrame:
        return self.entries[self.entries["section"] == section]

    def as_json(self) -> bytes:
        """plan.json."""
        told = {
            "made_at": self.made_at,
            "complete_until": self.complete_until,
            "filters": dict(self.choice.given),
            "events": self.events,
            "changes": self.counts(),
            **{section: [_as_json(entry) for entry in self.entries_of(section)] for section in SECTIONS},
        }
        return orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)

    @cached_property
    def set_back(self) -> pd.DataFrame:
        """The entries of fields to set."""
        return self.entries[self.entries["section"] == "set"]

    def files(self, empty_mark: str | None) -> ImportFiles:
        """Files for the helpdesk's import; `empty_mark` is what stands there for a value to be emptied (None: it is left to plan.json)."""
        return import_files(self.set_back, self.states, empty_mark)


def make_plan(dsn: str, choice: Choice, now: datetime) -> UndoPlan:
    """Read the audit database and plan. Raises AuditDatabaseError or ConnectionLostError."""
    with reading(dsn) as query:
        return plan_of(query, choice, now)


def plan_of(query: Query, choice: Choice, now: datetime) -> UndoPlan:
    """The same, on a snapshot that is open already."""
    return planned(find(query, choice), choice, now)


def planned(found: Found, choice: Choice, now: datetime) -> UndoPlan:
    """The plan of what was read."""
    events = found.steps.loc[found.steps["chosen"], "event_id"].nunique()
    entries = plan(found.steps, found.states, found.gone)
    return UndoPlan(now.astimezone(UTC), found.complete_until, choice, int(events), entries, found.states)


def _entry(section: str, row: Mapping[Any, Any]) -> dict[str, Any]:
    told = {name: row.get(name) for name in _KEYS[section]}
    for name in _VALUES:
        if name in told:
            told[name] = row[name].encode()
    if section == "recreate":
        told["state"] = {field: text.encode() for field, text in row["state"].items()}
    if section == "conflicts":
        known = pd.notna(row["changed_at"])
        told["why"] = REASONS[row["reason"]]
        told["changed_at"] = row["changed_at"].to_pydatetime() if known else None
        told["changed_by"] = row["changed_by"] if known else None
    return told


def _as_json(entry: dict[str, Any]) -> dict[str, Any]:
    """The entry with its JSON texts as they are: no number loses a digit on the way."""
    told = {name: orjson.Fragment(one) if isinstance(one, bytes) else one for name, one in entry.items()}
    if "state" in told:
        told["state"] = {field: orjson.Fragment(text) for field, text in entry["state"].items()}
    return told
