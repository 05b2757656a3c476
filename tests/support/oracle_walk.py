"""The oracle's walk: one contact, one pair of captures, rules 1 to 7, step by step.

Written from the rules' text alone, naive on purpose: it says what the product must compute, so it shares no code
with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .oracle_journal import ACCOUNT, Entry, same

STRENGTH = ["recorded", "matched", "inferred"]  # strongest first


@dataclass
class Step:
    """A point of the walk. `entry` is None for the two captures and for a birth or death that no entry tells."""

    kind: str  # start | update | birth | death | end
    place: int
    entry: Entry | None = None
    at: datetime | None = None
    action: str | None = None
    changes: list[dict[str, Any]] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    unconfirmed: bool = False

    def take(self, name: str, old: Any, new: Any, strength: str) -> None:
        if not same(old, new):
            self.changes.append(change(name, old, new))
            self.parts.append(strength)


@dataclass
class Pair:
    """What the walk needs to know of one contact between two captures; a state is None where the contact is absent."""

    start: datetime
    end: datetime
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    created_at: datetime | None
    entries: list[Entry]


def change(name: str, old: Any, new: Any) -> dict[str, Any]:
    return {"field": name, "old": old, "new": new}


def lay_out(pair: Pair) -> tuple[list[Step], dict[int, str]]:
    """Rule 7: the steps of the walk in order, births and deaths without an entry put in; and what drops out."""
    steps: list[Step] = []
    dropped: dict[int, str] = {}
    held: list[Entry] = []  # updates found while the contact is absent, until its next birth by an entry

    def add(kind: str, entry: Entry | None = None, at: datetime | None = None) -> None:
        steps.append(Step(kind, len(steps), entry, entry.at if entry else at, entry.action if entry else None))

    add("start", at=pair.start)
    present = pair.before is not None
    for index, entry in enumerate(pair.entries):
        if entry.action == "update" and present:
            add("update", entry)
        elif entry.action == "update":
            born_later = any(later.action in ("create", "restore") for later in pair.entries[index + 1 :])
            if born_later:
                held.append(entry)
            elif pair.after is not None:
                add("birth")
                add("update", entry)
                present = True
            else:
                dropped[entry.entry_id] = "not_captured"
        elif entry.action == "create" and present:
            add("update", entry.as_upsert())
        elif entry.action in ("create", "restore"):
            if present:  # a restore of a contact that is there
                add("death", at=entry.at)
            add("birth", entry)
            for update in held:
                add("update", update)
            held = []
            present = True
        elif entry.action == "delete" and present:
            add("death", entry)
            present = False
        else:
            dropped[entry.entry_id] = "no_known_effect"
    if present and pair.after is None:
        add("death", at=pair.end)
    if not present and pair.after is not None:
        add("birth")
    add("end", at=pair.end)
    return steps, dropped


class Walk:
    """The walk through one pair: gives its events in order and the entries that left no event."""

    def __init__(self, pair: Pair, skew: timedelta, version: int) -> None:
        self.pair, self.version = pair, version
        self.skew = skew
        self.steps, self.without_event = lay_out(pair)
        self.shared: dict[tuple[int, ...], list[dict[str, Any]]] = {}  # rule 4: by the candidates' places
        self.shared_rule: dict[tuple[int, ...], str] = {}
        self.nobodys: dict[tuple[int, int], list[dict[str, Any]]] = {}  # rule 5: by the places of the two points

    def run(self) -> list[dict[str, Any]]:
        names = set(self.pair.before or {}) | set(self.pair.after or {})
        for step in self.steps:
            if step.entry:
                names |= set(step.entry.pins)
        for name in sorted(names - {ACCOUNT}):
            self.walk_field(name)
        self.walk_account()
        events = self.events()
        self.name_accounts(events)
        return events

    # ---- the account -------------------------------------------------------------------------------------------

    def walk_account(self) -> None:
        """As any field, save that births and deaths do not list it: one that does not pin it may have it at any value."""
        point, left = self.steps[0], (self.pair.before or {}).get(ACCOUNT)
        anything = False  # whether the value on leaving the last point is not known
        for step in self.steps[1:]:
            pins = step.entry.pins if step.entry else {}
            if step.kind == "update" and ACCOUNT not in pins:
                continue
            lives = step.kind != "birth" and point.kind != "death" and not (point.kind == "start" and left is None)
            known = ACCOUNT in pins or step.kind == "end"
            old, new = pins.get(ACCOUNT, ((self.pair.after or {}).get(ACCOUNT),) * 2)
            if lives and known and not anything:
                self.gap(ACCOUNT, point, left, step, old, from_absence=False)
            if step.kind == "update":
                step.take(ACCOUNT, old, new, "recorded")
            point, left, anything = step, new, not known

    def name_accounts(self, events: list[dict[str, Any]]) -> None:
        """Each event's account: the contact's right before it, of a birth right after it."""
        account = (self.pair.before or {}).get(ACCOUNT)
        for index, event in enumerate(events):
            if event["action"] in ("create", "restore"):
                account = self.account_of_life(event, events[index + 1 :])
            moved = [change for change in event["changes"] if change["field"] == ACCOUNT]
            event["account"] = moved[0]["old"] if moved else account
            account = moved[0]["new"] if moved else account

    def account_of_life(self, birth: dict[str, Any], later: list[dict[str, Any]]) -> Any:
        """What the first move of the life starts from, else the capture; else what the first event by an entry in it says."""
        life = [birth]
        for event in later:
            for change in event["changes"]:
                if change["field"] == ACCOUNT:
                    return change["old"]
            life.append(event)
            if event["action"] == "delete":
                rows = {step.entry.entry_id: step.entry.row for step in self.steps if step.entry}
                told = [rows[one["journal_entry_id"]]["account_id"] for one in life if one["journal_entry_id"]]
                row = self.pair.after or self.pair.before or {}
                return (told or [row.get(ACCOUNT)])[0]
        return (self.pair.after or {}).get(ACCOUNT)

    # ---- one field ---------------------------------------------------------------------------------------------

    def walk_field(self, name: str) -> None:
        value = (self.pair.before or {}).get(name)
        point = self.steps[0]
        from_absence = False  # the last point is a birth that does not pin this field
        for step in self.steps[1:]:
            pins = step.entry.pins if step.entry else {}
            if step.kind == "update" and name not in pins:
                continue
            if step.kind == "end":
                self.gap(name, point, value, step, (self.pair.after or {}).get(name), from_absence)
            elif name in pins:
                assert step.entry is not None
                old, new = pins[name]
                if step.kind != "birth":
                    self.gap(name, point, value, step, old, from_absence)
                step.take(name, old, new, "matched" if name in step.entry.contradicts_absence else "recorded")
                value = new
            elif step.kind == "death":
                doubtful = any(name in update.names or update.bare for _, update in self.updates_between(point, step))
                step.take(name, value, None, "inferred" if doubtful else "matched")
                value = None
            point = step
            from_absence = step.kind == "birth" and name not in pins

    def updates_between(self, point: Step, end: Step) -> list[tuple[Step, Entry]]:
        segment = self.steps[point.place + 1 : end.place]
        return [(step, step.entry) for step in segment if step.kind == "update" and step.entry]

    def gap(self, name: str, point: Step, left: Any, end: Step, reached: Any, from_absence: bool) -> None:
        """Rules 2 to 5 and 7: give the change from `left` to `reached`, between two points, to whom it belongs."""
        if same(left, reached):
            return
        updates = self.updates_between(point, end)
        named = [step for step, entry in updates if name in entry.names]
        bare = [step for step, entry in updates if entry.bare]
        if from_absence and not named:
            point.take(name, left, reached, "inferred" if bare else "matched")
            return
        candidates, rule = (named, "matched") if named else (bare, "inferred")
        if self.version > 1 and from_absence and point.entry and (point.entry.bare or name in point.entry.names):
            rule = "inferred"  # the birth may have set it, too
        if len(candidates) == 1:
            candidates[0].take(name, left, reached, rule)
        elif candidates:
            places = tuple(step.place for step in candidates)
            self.shared.setdefault(places, []).append(change(name, left, reached))
            self.shared_rule[places] = max(rule, self.shared_rule.get(places, rule), key=STRENGTH.index)  # the weakest
        else:
            self.nobodys.setdefault((point.place, end.place), []).append(change(name, left, reached))
            point.unconfirmed = end.unconfirmed = True  # even where the pin itself is no change

    # ---- events ------------------------------------------------------------------------------------------------

    def events(self) -> list[dict[str, Any]]:
        """All events of the pair in order of sequence."""
        placed: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
        for step in self.steps:
            if step.kind in ("birth", "death") or (step.kind == "update" and step.changes):
                placed.append(((step.place, 0), self.step_event(step)))
            elif step.kind == "update" and step.entry and not self.is_candidate(step):
                self.without_event[step.entry.entry_id] = "no_known_effect"
        for places, changes in self.shared.items():
            placed.append(((places[-1], 1, self.steps[places[0]].at, *places), self.shared_event(places, changes)))
        for (first, last), changes in self.nobodys.items():
            moments = self.steps[first].at, self.steps[last].at
            # It begins at its `occurred_after`: skew may have put the clocks the other way round than the walk.
            placed.append(((last - 1, 2, min(moments), first), nobodys_event("update", changes, *moments)))
        placed.sort(key=lambda item: item[0])
        events = [event for _, event in placed]
        self.date_births_and_deaths(events)
        return events

    def is_candidate(self, step: Step) -> bool:
        return any(step.place in places for places in self.shared)

    def step_event(self, step: Step) -> dict[str, Any]:
        """Rules 1 and 6: the one event of an entry; or a birth or death without one, still to be dated."""
        if step.entry is None:
            return nobodys_event(step.action, step.changes, None, step.at) | {"undated": step.kind}
        weakest = max(step.parts, key=STRENGTH.index, default="recorded")
        return entry_event(step.entry, step.entry.action, step.changes, "unconfirmed" if step.unconfirmed else weakest)

    def shared_event(self, places: tuple[int, ...], changes: list[dict[str, Any]]) -> dict[str, Any]:
        """Rule 4: several candidates; what they agree on stays."""
        entries = [self.steps[place].entry for place in places]
        rows = [entry.row for entry in entries if entry]
        first = rows[0]
        who = {author_key(row) for row in rows}
        one_author = len(who) == 1 and None not in who
        common = {key: first[key] if all(row[key] == first[key] for row in rows) else None for key in first}
        return {
            "action": "update",
            "author_type": (first["author_type"] or "unknown") if one_author else "unknown",
            "author_id": first["author_id"] if one_author else None,
            "author_name": common["author_name"] if one_author else None,
            "ip_address": common["ip_address"],
            "channel": common["channel"],
            "occurred_at": max(entry.at for entry in entries if entry),
            "occurred_after": min(entry.at for entry in entries if entry),
            "changes": changes,
            "attribution": self.shared_rule[places] if one_author else "ambiguous",
            "journal_entry_id": None,
            "candidates": [entry.entry_id for entry in entries if entry],
        }

    def date_births_and_deaths(self, events: list[dict[str, Any]]) -> None:
        """Rule 7: the moments of births and deaths without an entry, from the events by entries around them."""
        for index, event in enumerate(events):
            kind = event.pop("undated", None)
            before = [e for e in events[:index] if e["attribution"] != "unattributed"]
            after = [e for e in events[index + 1 :] if e["attribution"] != "unattributed"]
            if kind == "death":
                event["action"] = "delete"
                span = (before[-1]["occurred_at"] if before else self.pair.start, event["occurred_at"])
            elif kind == "birth":
                deaths = [e for e in events[:index] if e["action"] == "delete"]
                created_at = self.pair.created_at
                old = created_at is not None and created_at < self.pair.start - self.skew
                event["action"] = "restore" if old or deaths else "create"
                begin = deaths[-1]["occurred_at"] if deaths else self.pair.start
                span = (begin, after[0]["occurred_at"] if after else self.pair.end)
                if created_at is not None and min(span) <= created_at <= max(span):
                    span = (created_at, created_at)
            else:
                continue
            event["occurred_after"], event["occurred_at"] = min(span), max(span)


def author_key(row: dict[str, Any]) -> tuple[Any, ...] | None:
    """Who it was: type and id or, without an id, type and name; None is nobody's equal."""
    if row["author_id"] is not None:
        return (row["author_type"], "id", row["author_id"])
    if row["author_name"] is not None:
        return (row["author_type"], "name", row["author_name"])
    return None


def entry_event(entry: Entry, action: str, changes: list[dict[str, Any]], attribution: str) -> dict[str, Any]:
    row = entry.row
    return {
        "action": action,
        "author_type": row["author_type"] or "unknown",
        "author_id": row["author_id"],
        "author_name": row["author_name"],
        "ip_address": row["ip_address"],
        "channel": row["channel"],
        "occurred_at": entry.at,
        "occurred_after": entry.at,
        "changes": changes,
        "attribution": attribution,
        "journal_entry_id": entry.entry_id,
        "candidates": None,
    }


def nobodys_event(
    action: str | None, changes: list[dict[str, Any]], one: datetime | None, other: datetime | None
) -> dict[str, Any]:
    """Rule 5: an unattributed event over a span, its two moments put in order (skew may have swapped them)."""
    moments = sorted(moment for moment in (one, other) if moment is not None)
    return {
        "action": action,
        "author_type": "unknown",
        "author_id": None,
        "author_name": None,
        "ip_address": None,
        "channel": None,
        "occurred_at": moments[-1] if moments else None,
        "occurred_after": moments[0] if moments else None,
        "changes": changes,
        "attribution": "unattributed",
        "journal_entry_id": None,
        "candidates": None,
    }
