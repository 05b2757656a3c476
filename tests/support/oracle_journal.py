"""The oracle's reading of the journal: equal values, moments, and each entry's items as pins and names.

An entry is read once, here; what it means beside others is for the walk to say.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

FIXED_FIELDS = ("name", "email", "primary_phone")
ACCOUNT = "account_id"  # a field of its own kind: its values are ids as text, births and deaths do not list it


def canonical(value: Any) -> Any:
    """The one form of all equal JSON values: lists as sorted sets, an empty one null, 12.0 as 12, no members that are null."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        distinct = {json_text(canonical(element)): canonical(element) for element in value}
        return [distinct[text] for text in sorted(distinct)] or None
    if isinstance(value, dict):
        members = {key: canonical(value[key]) for key in sorted(value)}
        return {key: member for key, member in members.items() if member is not None}
    return value


def json_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def same(left: Any, right: Any) -> bool:
    """Whether two canonical values are equal; by their text, because Python's True equals 1 and JSON's does not."""
    return json_text(left) == json_text(right)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def iso(at: datetime) -> str:
    return at.isoformat()


@dataclass(frozen=True)
class Entry:
    """A journal entry, its items sorted into pins (values before and after) and names (no values)."""

    entry_id: int
    at: datetime
    action: str
    row: dict[str, Any]
    pins: dict[str, tuple[Any, Any]]
    names: frozenset[str]
    bare: bool
    contradicts_absence: frozenset[str] = frozenset()  # a birth's `old`, a death's `new` that said otherwise

    def as_upsert(self) -> Entry:
        """A create of a contact that is there: an update that only names its fields, bare if it lists none."""
        return replace(
            self,
            action="update",
            pins={},
            names=self.names | frozenset(self.pins),
            bare=not self.row["changes"],
            contradicts_absence=frozenset(),
        )


def read_journal(journal: list[dict[str, Any]]) -> tuple[list[Entry], dict[int, int]]:
    """The entries in order of (occurred_at, entry_id), each once; and {duplicate's id: id of the one that counts}."""
    entries: list[Entry] = []
    duplicates: dict[int, int] = {}
    first_seen: dict[str, int] = {}
    for row in sorted(journal, key=lambda row: (moment(row["occurred_at"]), row["entry_id"])):
        # As jsonb compares: 1 is 1.0, the order of keys does not count, the order of items does.
        content = {**row, "occurred_at": iso(moment(row["occurred_at"])), "changes": plain_numbers(row["changes"])}
        del content["entry_id"], content["recorded_at"]
        original = first_seen.setdefault(json_text(content), row["entry_id"])
        if original != row["entry_id"]:
            duplicates[row["entry_id"]] = original
        else:
            entries.append(read_entry(row))
    return entries, duplicates


def account_text(value: Any) -> str:
    """An account's id, which a journal may write as a number."""
    return value if isinstance(value, str) else json_text(canonical(value))


def plain_numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [plain_numbers(element) for element in value]
    if isinstance(value, dict):
        return {key: plain_numbers(element) for key, element in value.items()}
    return canonical(value)


def read_entry(row: dict[str, Any]) -> Entry:
    """Sort an entry's items into pins and names."""
    action = row["action"]
    birth, death = action in ("create", "restore"), action == "delete"
    listed: set[str] = set()
    pins: dict[str, tuple[Any, Any]] = {}
    at_odds: set[str] = set()  # fields pinned twice, differently
    for listing in row["changes"] or []:
        name, item = listing["field"], listing
        if name not in (*FIXED_FIELDS, ACCOUNT) and not name.startswith("custom_fields."):
            continue
        if name == ACCOUNT:  # null gives no account
            item = {key: account_text(value) for key, value in listing.items() if value is not None}
        listed.add(name)
        has_old = "old" in item or (birth and "new" in item)
        has_new = "new" in item or (death and "old" in item)
        if has_old and has_new:
            pin = canonical(item.get("old")), canonical(item.get("new"))
            if name in pins and not same(pins[name], pin):
                at_odds.add(name)
            pins[name] = pin
    for name in at_odds:
        del pins[name]
    contradicts: set[str] = set()
    for name, (old, new) in pins.items():
        # Absence has no values: what a birth says of before it, or a death of after it, cannot be.
        if birth:
            pins[name] = (None, new)
            contradicts |= {name} if old is not None else set()
        if death:
            pins[name] = (old, None)
            contradicts |= {name} if new is not None else set()
    return Entry(
        entry_id=row["entry_id"],
        at=moment(row["occurred_at"]),
        action=action,
        row=row,
        pins=pins,
        names=frozenset(listed - set(pins)),
        bare=row["changes"] is None,
        contradicts_absence=frozenset(contradicts),
    )
