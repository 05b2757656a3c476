"""How a truth is told: captures that see it, and a journal that loses as much of it as one asks for.

Journals lie by omission. What one asks for may be lost, never invented; a clock may be wrong, where one asks for that, too.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .oracle_journal import ACCOUNT, same
from .truth import Capture, Operation, State, Truth
from .worlds import SKEW, VALUES


@dataclass(frozen=True)
class Losses:
    """The chance of each to befall an entry: 0 never, 1 always.

    Attributes:
        dropped: there is no entry.
        bare: it does not say what was touched (`changes` null).
        stripped: it names the fields, without values; half_stripped: some of them.
        truncated: some items are missing, names and all.
        half_told: of a birth or a death only: as dropped, or truncated; and `created_at` is unknown.
        duplicated: it is there twice, or three times; late: it becomes visible hours later.
        clock: its clock, or the capture's for that contact, is up to the skew wrong.
        shuffled: entry ids do not follow the moments (of the whole journal).
        spelled: values equal, but written otherwise.
    """

    dropped: float = 0.0
    bare: float = 0.0
    stripped: float = 0.0
    half_stripped: float = 0.0
    truncated: float = 0.0
    half_told: float = 0.0
    duplicated: float = 0.0
    late: float = 0.0
    clock: float = 0.0
    shuffled: float = 0.0
    spelled: float = 0.0


@dataclass
class Told:
    """What is left of an operation in the journal.

    Attributes:
        entry_ids: its entries, ascending: none if it was dropped, several if it is there twice.
        at: the moment that they give.
        values, names: the fields that they give with and without values; bare: they say nothing of fields.
    """

    entry_ids: list[int] = field(default_factory=list)
    at: datetime | None = None
    values: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    bare: bool = False

    def tells_of(self, name: str) -> bool:
        return bool(self.entry_ids) and name in self.values | self.names


@dataclass(frozen=True)
class World:
    """Evidence with the truth behind it: `rows` as in worlds.py, `told` by an operation's number; captures see one instant."""

    truth: Truth
    rows: dict[str, Any]
    told: dict[int, Told]
    captures_right: bool

    @property
    def by_entry(self) -> dict[int, Operation]:
        """The operation behind each entry."""
        numbered = {operation.number: operation for operation in self.truth.operations}
        return {entry_id: numbered[number] for number, told in self.told.items() for entry_id in told.entry_ids}


def tell(truth: Truth, seed: int, losses: Losses) -> World:
    """Captures and journal of a truth; more of a loss means the same and more is lost, for one seed."""
    told: dict[int, Told] = {}
    entries: list[tuple[int, dict[str, Any]]] = []
    for operation in truth.operations:
        entry = _Entry(operation, random.Random(f"told {seed} {operation.number}"), losses)
        told[operation.number] = entry.told
        entries += [(operation.number, row) for row in entry.rows()]
    rng = random.Random(f"journal {seed}")
    ids = list(range(1001, 1001 + len(entries)))
    if rng.random() < losses.shuffled:
        rng.shuffle(ids)
    journal = []
    for entry_id, (number, row) in zip(ids, entries, strict=True):
        told[number].entry_ids = sorted([*told[number].entry_ids, entry_id])
        journal.append({"entry_id": entry_id, **row})
    rng.shuffle(journal)
    rows = {
        "snapshots": [
            {"snapshot_id": one.snapshot_id, "captured_at": one.at.isoformat(), "kind": one.kind}
            for one in truth.captures
        ],
        "contact_snapshots": sorted(
            (row for contact_id in truth.first for row in _captured(truth, contact_id, seed, losses)),
            key=lambda row: (row["snapshot_id"], row["contact_id"]),
        ),
        "contact_journal": journal,
    }
    return World(truth, rows, told, captures_right=not losses.clock)


class _Entry:
    """The entry, or entries, or nothing, that an operation leaves. All dice are thrown whether they count or not."""

    def __init__(self, operation: Operation, rng: random.Random, losses: Losses) -> None:
        self.operation, self.rng = operation, rng
        dice = {name: rng.random() for name in Losses.__dataclass_fields__}
        self.lost = {name: dice[name] < chance for name, chance in vars(losses).items()}
        self.whole = rng.random()  # a birth or death half told: not at all, or in part
        self.told = Told()

    def rows(self) -> Iterator[dict[str, Any]]:
        rng, operation, lost = self.rng, self.operation, self.lost
        half_told = operation.action != "update" and lost["half_told"]
        if lost["dropped"] or (half_told and self.whole < 0.5):
            return
        at = operation.at + (SKEW * rng.uniform(-1, 1) if lost["clock"] else timedelta())
        changes = None if lost["bare"] else self.items(truncated=lost["truncated"] or half_told)
        if not operation.net and not operation.saved and rng.random() < 0.5:
            changes = None  # nothing to say, said in the other way
        self.told.at, self.told.bare = at, changes is None
        row = {
            "contact_id": operation.contact_id,
            "account_id": operation.account_id,
            "occurred_at": at.isoformat(),
            "recorded_at": (at + timedelta(hours=rng.randint(1, 30) if lost["late"] else 0, seconds=1)).isoformat(),
            "action": operation.action,
            **operation.author,
            "changes": changes,
        }
        yield row
        for _ in range(rng.randint(1, 2) if lost["duplicated"] else 0):
            yield {**row, "recorded_at": (at + timedelta(seconds=rng.randint(2, 9999))).isoformat()}

    def items(self, *, truncated: bool) -> list[dict[str, Any]]:
        rng, operation = self.rng, self.operation
        values = operation.changes
        listed = [*values, *operation.saved]
        rng.shuffle(listed)
        if truncated and listed:
            listed = listed[: rng.randrange(len(listed))]
        items = []
        for name in listed:
            stripped = self.lost["stripped"] or (self.lost["half_stripped"] and rng.random() < 0.5)
            # The author of a save without effect confirms a value; only the names of such a save are told here.
            if stripped or name not in values:
                self.told.names.add(name)
                items.append({"field": name})
                continue
            self.told.values.add(name)
            old, new = (spelled(value, rng) if self.lost["spelled"] else value for value in values[name])
            if name == ACCOUNT and self.lost["spelled"]:  # as a number
                old, new = int(old), int(new)
            item = {"field": name, "old": old, "new": new}
            if (operation.action in ("create", "restore") and rng.random() < 0.3) and old is None:
                del item["old"]
            elif operation.action == "delete" and rng.random() < 0.3 and new is None:
                del item["new"]
            items.append(item)
        return items


def _captured(truth: Truth, contact_id: int, seed: int, losses: Losses) -> Iterator[dict[str, Any]]:
    """The rows of one contact in all captures; the dice do not depend on the captures' kinds."""
    written: State = None
    for capture in truth.captures:
        rng = random.Random(f"captured {seed} {contact_id} {capture.snapshot_id}")
        state = truth.state(contact_id, _seen_at(capture, rng, losses))
        created_at = _created_at(truth, contact_id, capture.at, random.Random(f"born {seed} {contact_id}"), losses)
        extra = rng.random() < 0.15
        gone = state is None and (written is not None if capture.kind == "changed" else extra)
        there = state is not None and (capture.kind == "full" or extra or not same(state, written))
        if gone or there:
            yield {
                "snapshot_id": capture.snapshot_id,
                "contact_id": contact_id,
                "account_id": int((state or written or {ACCOUNT: 1})[ACCOUNT]),
                **_columns(state or written or {}, rng, losses),
                "created_at": created_at.isoformat() if created_at else None,
                "deleted": gone,
            }
        written = state


def _seen_at(capture: Capture, rng: random.Random, losses: Losses) -> datetime:
    """A capture is not always one instant."""
    off = rng.uniform(-1, 1)
    return capture.at + (SKEW * off if rng.random() < losses.clock else timedelta())


def _created_at(truth: Truth, contact_id: int, at: datetime, rng: random.Random, losses: Losses) -> datetime | None:
    if rng.random() < losses.half_told:
        return None
    births = [one.at for one in truth.of(contact_id) if one.action == "create" and one.at <= at]
    return births[-1] if births else truth.created_at[contact_id]


def _columns(state: dict[str, Any], rng: random.Random, losses: Losses) -> dict[str, Any]:
    prefix = "custom_fields."
    values = {}
    for name in VALUES:
        value = state.get(name)
        values[name] = spelled(value, rng) if rng.random() < losses.spelled else value
    custom = {name.removeprefix(prefix): value for name, value in values.items() if name.startswith(prefix)}
    return {
        **{name: values[name] for name in ("name", "email", "primary_phone")},
        "custom_fields": {key: value for key, value in custom.items() if value is not None or rng.random() < 0.3},
    }


def spelled(value: Any, rng: random.Random) -> Any:
    """The same value, written otherwise: another order, an element twice, 12.0 for 12."""
    if isinstance(value, list):
        repeated = value + value[:1]
        return rng.sample(repeated, len(repeated))
    if isinstance(value, dict):
        return {key: spelled(value[key], rng) for key in reversed(list(value))}
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value
