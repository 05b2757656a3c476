"""What the audit log claims, held against the truth: each function raises AssertionError where a claim is more than the evidence.

A *point* of a field is a capture, a birth or death, or an operation whose entry gives the field's values; the operations
between two points are a *segment*. What is claimed of a segment can be wrong only where the journal keeps quiet about one of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from .oracle_journal import ACCOUNT, read_journal, same
from .telling import World
from .truth import Operation, after, who

Event = dict[str, Any]
SKEW = timedelta(seconds=120)
FLAGS = {"ambiguous", "unattributed", "unconfirmed", "inferred"}


@dataclass(frozen=True)
class Segment:
    """Operations between two points of one field of one contact, in one pair of captures.

    Attributes:
        begin, end: the operations that are its points; None for a capture.
        left, reached: the field's value on leaving and on reaching them, as the evidence has it.
        unknown: whether `left` is not known, because a birth does not say which account it is in.
        between: the operations in it that changed the field; updates: all that may be taken for its author.
    """

    begin: Operation | None
    end: Operation | None
    left: Any
    reached: Any
    between: list[Operation]
    updates: list[Operation]
    unknown: bool = False

    @property
    def from_birth(self) -> bool:
        """Whether it begins with a birth whose entry does not give the field: some of its change is the birth's (rule 7)."""
        born = self.begin is not None and self.begin.action in {"create", "restore"}
        return born and (self.left is None or self.unknown)


class Judge:
    """One world, its events (as records) and what can be asked of them."""

    def __init__(self, world: World, events: list[Event], skew: timedelta) -> None:
        self.world, self.truth, self.told = world, world.truth, world.told
        self.skew = skew
        position = {capture.snapshot_id: place for place, capture in enumerate(self.truth.captures)}
        self.by_entry = world.by_entry
        self.events: dict[tuple[int, int], list[Event]] = defaultdict(list)
        for event in events:
            self.events[int(event["contact_id"]), position.get(event["snapshot_id"], 0)].append(event)
        self.operations: dict[tuple[int, int], list[Operation]] = defaultdict(list)
        for operation in self.truth.operations:
            self.operations[operation.contact_id, self.truth.pair_of(operation.at)].append(operation)
        rows = defaultdict(list)
        for row in world.rows["contact_journal"]:
            rows[row["contact_id"]].append(row)
        self.duplicates = {twice: once for some in rows.values() for twice, once in read_journal(some)[1].items()}
        self.compared = sum(map(len, self.events.values()))

    # ---- how far the evidence of a contact can be read -------------------------------------------------------------

    @cached_property
    def undisturbed(self) -> set[int]:
        """Contacts whose entries are told in their true order, and in no other pair than their own."""
        return {contact for contact in self.truth.first if self._is_undisturbed(contact)}

    def _is_undisturbed(self, contact: int) -> bool:
        if not self.world.captures_right:
            return False
        operations = [one for one in self.truth.of(contact) if self.told[one.number].entry_ids]
        ids = [self.entry_of(one) for one in operations]
        order = sorted(operations, key=lambda one: (self.told[one.number].at, self.entry_of(one)))
        if order != operations or len(set(ids)) < len(ids):  # two things at one moment may look like one told twice
            return False
        if any(self.told[one.number].at != one.at for one in operations):
            return False
        # Rule 9 asks only where entries do not fit a capture; where all is told they fit.
        told = all(self.tells_all(one) for one in self.truth.of(contact))
        moments = [capture.at for capture in self.truth.captures]
        return told or not any(abs(one.at - at) <= self.skew for one in operations for at in moments)

    def tells_all(self, operation: Operation) -> bool:
        told = self.told[operation.number]
        if operation.action != "update":
            return bool(told.entry_ids)
        named = told.bare or all(told.tells_of(name) for name in operation.changes)
        return not operation.net or (bool(told.entry_ids) and named)

    def existence_told(self, contact: int, pair: int) -> bool:
        """Whether each birth and death of the pair has an entry; without one, updates may not know where they belong."""
        lives = [one for one in self.operations[contact, pair] if one.action != "update"]
        return all(self.told[one.number].entry_ids for one in lives)

    def readable(self, contact: int, pair: int) -> bool:
        return contact in self.undisturbed and self.existence_told(contact, pair)

    def entry_of(self, operation: Operation) -> int | None:
        """The entry that counts: of several equal ones the first."""
        ids = self.told[operation.number].entry_ids
        return self.duplicates.get(ids[0], ids[0]) if ids else None

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Every contact and pair of captures; what lies before the first capture, or after the newest, is none."""
        return [(contact, pair) for contact in self.truth.first for pair in range(1, len(self.truth.captures))]

    def all_laws(self) -> None:
        """Every law below, one after the other."""
        self.recorded_is_the_truth()
        self.whoever_is_named_has_been_there()
        self.nobody_is_named_without_evidence()
        self.nothing_is_lost()
        self.every_entry_with_values_is_one_event()
        self.a_whole_journal_gives_the_truth()

    # ---- the claims ------------------------------------------------------------------------------------------------

    def recorded_is_the_truth(self) -> None:
        """An event that claims `recorded` has author, moment, action and values of a true operation. In any world."""
        for event in self.all_events("recorded"):
            operation = self.by_entry[event["journal_entry_id"]]
            assert self.says(event, operation), (event, operation)
            assert all(_has(operation, change) for change in event["changes"]), (event, operation)

    def whoever_is_named_has_been_there(self) -> None:
        """An event with an entry, or candidates, is of theirs: author and moment, and fields that they touched. In any world."""
        for event in self.all_events():
            entries = event["candidates"] or [entry for entry in [event["journal_entry_id"]] if entry is not None]
            operations = [self.by_entry[entry] for entry in entries]
            for operation in operations:
                told = self.told[operation.number]
                listed = told.bare or all(told.tells_of(change["field"]) for change in event["changes"])
                assert listed or operation.action != "update", (event, operation)
                if event["author_type"] != "unknown" or who(event) is not None:
                    assert operation.who == who(event), (event, operation)
            if len(operations) == 1:
                # Rule 7: a create of a contact whose death nobody told is an update of a contact that was there.
                upsert = event["action"] == "update" and operations[0].action == "create"
                action = "create" if upsert else event["action"]
                assert self.says({**event, "action": action}, operations[0]), (event, operations)
            assert operations or event["attribution"] == "unattributed", event

    def nobody_is_named_without_evidence(self) -> None:
        """Whoever is named for a change is its author, unless the journal keeps quiet about somebody else's in its segment."""
        for contact, pair in self.pairs:
            if self.readable(contact, pair):
                for event in self.events[contact, pair]:
                    for change in event["changes"]:
                        self.judge_change(event, change, self.segments(contact, pair, change["field"]))

    def judge_change(self, event: Event, change: dict[str, Any], segments: list[Segment]) -> None:
        name = change["field"]
        if event["attribution"] == "unattributed":
            quiet = [one for segment in segments for one in segment.between if self.silent(one, name)]
            assert quiet, ("nothing is kept quiet", event)
            return
        if event["candidates"]:
            candidates = [self.by_entry[entry] for entry in event["candidates"]]
            segment = next(one for one in segments if candidates[0] in one.updates)
            assert all(one in segment.updates for one in candidates), event
        else:
            operation = self.by_entry[event["journal_entry_id"]]
            assert self.says(event, operation), (event, operation)
            if name in self.told[operation.number].values:
                assert _has(operation, change), (event, operation)
                return
            if operation.action != "update":
                self.judge_existence(event, change, operation, segments)
                return
            candidates = [operation]
            segment = next(one for one in segments if operation in one.updates)
        named = name in self.told[candidates[0].number].names
        assert not (event["attribution"] == "matched" and self.may_be_the_births(segment, name)), (event, segment)
        keep_quiet = [one for one in segment.between if self.excuses(one, name, named=named)]
        if keep_quiet or segment.from_birth:
            return
        assert same([change["old"], change["new"]], [segment.left, segment.reached]), (event, segment)
        assert segment.between, ("nobody changed it", event)
        assert all(one in candidates for one in segment.between), (event, segment)
        if event["author_type"] != "unknown":
            assert {one.who for one in segment.between} == {who(event)}, (event, segment)

    def judge_existence(
        self, event: Event, change: dict[str, Any], operation: Operation, segments: list[Segment]
    ) -> None:
        """Rule 7: what a birth or a death takes. Its author is his; its values are true unless updates kept quiet."""
        name = change["field"]
        born = operation.action != "delete"
        beside = [one for one in segments if operation is (one.begin if born else one.end)]
        quiet = any(
            not self.told[one.number].entry_ids or self.told[one.number].bare or self.silent(one, name)
            for segment in beside
            for one in segment.between
        )
        vague = event["attribution"] in FLAGS
        assert _has(operation, change) or quiet or vague, (event, operation)

    def may_be_the_births(self, segment: Segment, name: str) -> bool:
        """Rule 7: whether the segment begins with a birth whose entry may have set the field, without saying to what."""
        if segment.begin is None or not segment.from_birth or segment.unknown:
            return False
        told = self.told[segment.begin.number]
        return told.bare or name in told.names

    def silent(self, operation: Operation, name: str) -> bool:
        """Whether no entry of the operation could be taken for the change of the field."""
        return self.excuses(operation, name, named=False)

    def excuses(self, operation: Operation, name: str, *, named: bool) -> bool:
        """Whether the journal, as far as the rule looks (names; or also entries that say nothing), misses the change."""
        told = self.told[operation.number]
        return not (told.tells_of(name) or (told.bare and bool(told.entry_ids) and not named))

    def verdicts(self) -> Counter[str]:
        """How many of the changes that each kind of event names somebody for are his, and how many are not."""
        counts: Counter[str] = Counter()
        for event in self.all_events():
            if who(event) is None or event["snapshot_id"] is None:
                continue
            begin, end = (datetime.fromisoformat(event[name]) for name in ("occurred_after", "occurred_at"))
            his = [
                one
                for one in self.truth.of(int(event["contact_id"]))
                if one.who == who(event) and begin - self.skew <= one.at <= end + self.skew
            ]
            for change in event["changes"]:
                name = change["field"]
                right = any(name in one.changes and same(one.changes[name][1], change["new"]) for one in his)
                counts[f"{event['attribution']}: {'right' if right else 'wrong'}"] += 1
        return counts

    # ---- what must not be lost -------------------------------------------------------------------------------------

    def nothing_is_lost(self) -> None:
        """Each change between two points is in the log, with its values; it names a true author, or is flagged."""
        for contact, pair in self.pairs:
            if not self.readable(contact, pair):
                continue
            lives = [self.entry_of(one) for one in self.operations[contact, pair] if one.action != "update"]
            events = [one["journal_entry_id"] for one in self.events[contact, pair] if one["action"] != "update"]
            assert sorted(filter(None, events)) == sorted(filter(None, lives)), (contact, pair)
            fields = {name for one in self.operations[contact, pair] for name in one.changes}
            for name in sorted(fields):
                for segment in self.segments(contact, pair, name):
                    if not same(segment.left, segment.reached):
                        self.is_told(contact, pair, name, segment)

    def is_told(self, contact: int, pair: int, name: str, segment: Segment) -> None:
        wanted = [segment.left, segment.reached]
        found = [
            event
            for event in self.events[contact, pair]
            for change in event["changes"]
            if change["field"] == name and same([change["old"], change["new"]], wanted)
        ]
        mine = [event for event in found if self.is_of(event, segment)]
        assert mine, ("lost", contact, pair, name, segment)
        authors = {one.who for one in (*segment.between, *filter(None, (segment.begin, segment.end)))}
        quiet = any(self.excuses(one, name, named=True) for one in segment.between)
        # Rule 7: whoever names the field after a birth that does not give it takes it, if he only saved it, too.
        if not self.may_be_the_births(segment, name):
            authors |= {
                one.who for one in segment.updates if segment.from_birth and name in self.told[one.number].names
            }
        for event in mine:
            told = event["attribution"] in FLAGS or who(event) in authors or quiet
            assert told, ("a wrong author, not flagged", event, segment)

    def is_of(self, event: Event, segment: Segment) -> bool:
        """Whether what the event says may be said of the segment."""
        entries = event["candidates"] or filter(None, [event["journal_entry_id"]])
        inside = (*segment.updates, segment.begin, segment.end)
        return all(self.by_entry[entry] in inside for entry in entries)

    def every_entry_with_values_is_one_event(self) -> None:
        """Rule 1: such an entry is exactly one event, unaltered; where it waits for a capture, it is none."""
        events = Counter(event["journal_entry_id"] for event in self.all_events())
        by_entry = {event["journal_entry_id"]: event for event in self.all_events()}
        for operation in self.truth.operations:
            told, entry = self.told[operation.number], self.entry_of(operation)
            pair = self.truth.pair_of(operation.at)
            pinned = {name for name in told.values if name in operation.changes}
            readable = self.readable(operation.contact_id, pair)
            if told.at is None or not pinned or not (readable or self.only_updates(operation.contact_id)):
                continue
            if not readable and abs(told.at - self.truth.captures[-1].at) <= self.skew:
                continue  # rule 9 may have put it on either side
            waits = told.at > self.truth.captures[-1].at
            assert events[entry] == (0 if waits else 1), operation
            if waits:
                continue
            changes = {change["field"]: change for change in by_entry[entry]["changes"]}
            assert self.says(by_entry[entry], operation), operation
            assert all(_has(operation, changes[name]) for name in pinned), operation

    def only_updates(self, contact: int) -> bool:
        return all(one.action == "update" for one in self.truth.of(contact))

    def a_whole_journal_gives_the_truth(self) -> None:
        """With all values told, the events are the truth's operations, no more and no less, `recorded`."""
        for contact in self.undisturbed:
            operations = [one for one in self.truth.of(contact) if one.net]
            if any(self.told[one.number].values != set(one.changes) for one in operations):
                continue
            if not all(self.told[one.number].entry_ids for one in operations):
                continue
            for pair in range(len(self.truth.captures)):
                true = [one for one in operations if self.truth.pair_of(one.at) == pair]
                events = sorted(self.events[contact, pair], key=lambda one: (one["window_end"], one["sequence"]))
                assert [event["journal_entry_id"] for event in events] == [self.entry_of(one) for one in true]
                for event, operation in zip(events, true, strict=True):
                    assert event["attribution"] == ("recorded" if pair else "unconfirmed"), event
                    assert self.says(event, operation), (event, operation)
                    told = [change["field"] for change in event["changes"]]
                    assert told == sorted(operation.changes), (event, operation)
                    assert all(_has(operation, change) for change in event["changes"]), (event, operation)
                    assert event["account_id"] == str(operation.account_id), (event, operation)

    # ---- help ------------------------------------------------------------------------------------------------------

    def all_events(self, attribution: str | None = None) -> list[Event]:
        some = [event for events in self.events.values() for event in events]
        return [event for event in some if attribution in (None, event["attribution"])]

    def says(self, event: Event, operation: Operation) -> bool:
        """Whether the event has the operation's author, action and moment (as its entry's clock gives it)."""
        author = {**operation.author, "author_type": operation.author["author_type"] or "unknown"}
        at = self.told[operation.number].at
        return (
            {name: event[name] for name in author} == author
            and event["action"] == operation.action
            and datetime.fromisoformat(event["occurred_at"]) == datetime.fromisoformat(event["occurred_after"]) == at
        )

    def segments(self, contact: int, pair: int, name: str) -> list[Segment]:
        """The segments of one field in one pair, in order."""
        state = self.truth.state(contact, self.truth.captures[pair - 1].at)
        begin: Operation | None = None
        left = (state or {}).get(name)
        found: list[Segment] = []
        between: list[Operation] = []
        updates: list[Operation] = []
        unknown = False
        for operation in self.operations[contact, pair]:
            value = (state or {}).get(name)
            state = after(operation, state)
            if operation.action == "update" and name not in self.told[operation.number].values:
                updates.append(operation)
                between += [operation] if name in operation.changes else []
                continue
            pinned = name in self.told[operation.number].values
            # An unlisted death ends all that was, an unlisted birth begins with nothing: the event takes the rest.
            if operation.action == "update" or (operation.action == "delete" and pinned):
                found.append(Segment(begin, operation, value if unknown else left, value, between, updates, unknown))
            else:
                found.append(Segment(begin, operation, left, left, between, updates, unknown))
            begin, between, updates = operation, [], []
            left = None if operation.action != "update" and not pinned else (state or {}).get(name)
            unknown = name == ACCOUNT and operation.action in {"create", "restore"}
        value = (state or {}).get(name)
        found.append(Segment(begin, None, value if unknown else left, value, between, updates, unknown))
        return found


def _has(operation: Operation, change: dict[str, Any]) -> bool:
    pair = operation.changes.get(change["field"])
    return pair is not None and same(list(pair), [change["old"], change["new"]])
