"""An independent oracle: what the audit log must hold for a world of captures and journal, one contact at a time.

Sequential, with lists and dicts, so that a reader can hold it against the rules; the product works on whole columns
and must agree.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from .oracle_journal import ACCOUNT, FIXED_FIELDS, Entry, canonical, iso, moment, read_journal, same
from .oracle_walk import Pair, Walk, entry_event

EXISTENCE = "(exists)"  # no field of a contact has this name
WINDOW = timedelta(hours=3)


def derive(
    world: dict[str, Any], skew_seconds: float = 120, version: int = 2
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Events, and entries without event, of a world of snapshots, contact_snapshots and contact_journal.

    `version` of the rules: 1 for worlds in which no contact moves; it differs in rules 7 and 9 only.
    """
    skew = timedelta(seconds=skew_seconds)
    captures = sorted(
        ({**row, "captured_at": moment(row["captured_at"])} for row in world["snapshots"]),
        key=lambda capture: capture["captured_at"],
    )
    rows: dict[int, dict[int, dict[str, Any]]] = defaultdict(dict)
    for row in world["contact_snapshots"]:
        rows[row["contact_id"]][row["snapshot_id"]] = row
    journal: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in world["contact_journal"]:
        journal[row["contact_id"]].append(row)
    events: list[dict[str, Any]] = []
    left_over: list[dict[str, Any]] = []
    for contact_id in sorted(rows.keys() | journal.keys()):
        contact_events, contact_left_over = derive_contact(
            contact_id, captures, rows[contact_id], journal[contact_id], skew, version
        )
        events += contact_events
        left_over += contact_left_over
    return events, sorted(left_over, key=lambda row: row["entry_id"])


def derive_contact(
    contact_id: int,
    captures: list[dict[str, Any]],
    rows: dict[int, dict[str, Any]],
    journal: list[dict[str, Any]],
    skew: timedelta,
    version: int,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    states = known_rows(captures, rows)
    entries, duplicates = read_journal(journal)
    cuts = find_cuts(captures, states, entries, skew, version)
    events: list[dict[str, Any]] = []
    reasons: dict[int, str] = {}

    for entry in entries[: cuts[0] if cuts else 0]:
        event = lone_event(entry)
        if event:
            moved_from = [change["old"] for change in event["changes"] if change["field"] == ACCOUNT]
            place_event(
                event, contact_id, (moved_from or [entry.row["account_id"]])[0], None, None, window_end(entry.at)
            )
            events.append(event)
        else:
            reasons[entry.entry_id] = "no_known_effect"

    for index in range(1, len(captures)):
        previous, current = captures[index - 1], captures[index]
        row_before, row_after = states[index - 1], states[index]
        pair_entries = entries[cuts[index - 1] : cuts[index]]
        pair = Pair(
            start=previous["captured_at"],
            end=current["captured_at"],
            before=fields(row_before),
            after=fields(row_after),
            created_at=moment(row_after["created_at"]) if row_after and row_after["created_at"] else None,
            entries=pair_entries,
        )
        walk = Walk(pair, skew, version)
        for event in walk.run():
            place_event(
                event,
                contact_id,
                event.pop("account"),
                previous["snapshot_id"],
                current["snapshot_id"],
                window_end(pair.end),
            )
            events.append(event)
        reasons |= walk.without_event

    waiting = {entry.entry_id for entry in entries[cuts[-1] if cuts else 0 :]}
    for duplicate_id, original_id in duplicates.items():
        if original_id not in waiting:
            reasons[duplicate_id] = "duplicate"
    number(events)
    return events, [{"entry_id": entry_id, "reason": reason} for entry_id, reason in reasons.items()]


# ---- captures ------------------------------------------------------------------------------------------------------


def known_rows(captures: list[dict[str, Any]], rows: dict[int, dict[str, Any]]) -> list[dict[str, Any] | None]:
    """The contact's row as of each capture, None where absent; a 'changed' capture that lacks it says: as before."""
    known: list[dict[str, Any] | None] = []
    for capture in captures:
        row = rows.get(capture["snapshot_id"])
        if row is None and capture["kind"] == "changed" and known:
            row = known[-1]
        known.append(None if row is None or row["deleted"] else row)
    return known


def fields(row: dict[str, Any] | None) -> dict[str, Any] | None:
    """A row's fields that are not null, in canonical form."""
    if row is None:
        return None
    values = {name: row[name] for name in FIXED_FIELDS}
    values |= {f"custom_fields.{key}": value for key, value in (row["custom_fields"] or {}).items()}
    values[ACCOUNT] = str(row["account_id"])
    return {name: canonical(value) for name, value in values.items() if canonical(value) is not None}


# ---- before the first capture --------------------------------------------------------------------------------------


def lone_event(entry: Entry) -> dict[str, Any] | None:
    """Rule 8: before the first capture an entry stands for itself, if it says anything.

    A pin from a value to itself changes nothing, so an update of only such pins is no event.
    """
    changes = [{"field": name, "old": old, "new": new} for name, (old, new) in entry.pins.items() if not same(old, new)]
    if entry.action != "update":
        changes = [change for change in changes if change["field"] != ACCOUNT]
    if not changes and entry.action == "update":
        return None
    return entry_event(entry, entry.action, changes, "unconfirmed")


# ---- rule 9 --------------------------------------------------------------------------------------------------------


def find_cuts(
    captures: list[dict[str, Any]],
    states: list[dict[str, Any] | None],
    entries: list[Entry],
    skew: timedelta,
    version: int,
) -> list[int]:
    """For each capture, how many of the contact's entries lie before it."""
    cuts: list[int] = []
    for capture, row in zip(captures, states, strict=True):
        at = capture["captured_at"]
        by_clock = sum(entry.at <= at for entry in entries)
        lowest = cuts[-1] if cuts else 0  # cuts never cross
        # Those before the last cut are still this capture's neighbours: their pins count, they just cannot be moved.
        near = [index for index, entry in enumerate(entries) if abs(entry.at - at) <= skew]
        places = range(near[0], near[-1] + 2) if near else range(0)
        fitting = [cut for cut in places if cut >= lowest and fits(cut, near, entries, row, version)]
        cuts.append(min(fitting, key=lambda cut: (abs(cut - by_clock), cut), default=max(by_clock, lowest)))
    return cuts


def fits(cut: int, near: list[int], entries: list[Entry], row: dict[str, Any] | None, version: int) -> bool:
    """Whether the entries near a capture agree with it when the cut lies before entry number `cut`."""
    captured = {**(fields(row) or {}), EXISTENCE: row is not None}
    before = [entries[index] for index in reversed(near) if index < cut]
    after = [entries[index] for index in near if index >= cut]
    names = {name for index in near for name in all_pins(entries[index])}
    return all(
        side_fits(name, captured.get(name), before, 1, version)
        and side_fits(name, captured.get(name), after, 0, version)
        for name in names
    )


def side_fits(name: str, captured: Any, entries: list[Entry], pin_end: int, version: int) -> bool:
    """From the cut to the nearest pin of the field: it meets the captured value, or an entry between may have made the difference.

    That is an update that names the field or is bare, or a birth or a death that does not pin it.
    """
    accounted = False
    for entry in entries:
        pins = all_pins(entry)
        if name in pins:
            return accounted or same(pins[name][pin_end], captured)
        if name == EXISTENCE:
            continue
        if entry.action == "update":
            accounted = accounted or entry.bare or name in entry.names
        elif version > 1:
            accounted = True
    return True


def all_pins(entry: Entry) -> dict[str, tuple[Any, Any]]:
    """An entry's pins with existence, by its action alone: whether a create is an upsert depends on the cut sought."""
    if entry.action in ("create", "restore"):
        return {**entry.pins, EXISTENCE: (False, True)}
    if entry.action == "delete":
        return {**entry.pins, EXISTENCE: (True, False)}
    return entry.pins


# ---- columns -------------------------------------------------------------------------------------------------------


def place_event(
    event: dict[str, Any], contact_id: int, account_id: Any, previous: int | None, current: int | None, end: datetime
) -> None:
    """Fill in what belongs to the pair rather than to the change, and write moments as text."""
    event["account_id"] = None if account_id is None else str(account_id)
    event["contact_id"] = str(contact_id)
    event["previous_snapshot_id"] = previous
    event["snapshot_id"] = current
    event["window_end"] = iso(end)
    event["occurred_at"] = iso(event["occurred_at"])
    event["occurred_after"] = iso(event["occurred_after"])
    event["changes"] = sorted(event["changes"], key=lambda change: change["field"])


def number(events: list[dict[str, Any]]) -> None:
    """`sequence`: an event's place among its contact's events of its window; events come pair by pair, in order."""
    counts: dict[str, int] = {}
    for event in events:
        counts[event["window_end"]] = counts.get(event["window_end"], 0) + 1
        event["sequence"] = counts[event["window_end"]]


def window_end(at: datetime) -> datetime:
    """The end of the three-hour window, (start, end], that a moment lies in."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch - ((epoch - at) // WINDOW) * WINDOW
