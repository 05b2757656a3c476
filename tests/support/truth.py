"""Truths: what happened to contacts, by whom, when, and each field's old and new value; and the captures that saw it.

A journal may tell less than this (telling.py); what the product claims is held against it (test_truth.py).
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

from .oracle_journal import ACCOUNT, canonical, same
from .worlds import ACCOUNTS, ADDRESSES, AUTHORS, CHANNELS, SKEW, START, TICK, VALUES

State = dict[str, Any] | None
WINDOW = timedelta(hours=3)


@dataclass(frozen=True)
class Operation:
    """One author does one thing to one contact at one moment.

    Attributes:
        number: its place in the world; those of one contact follow one another in the order in which they happened.
        at: its moment; two of one contact may share it (one transaction), their numbers order them.
        author: author_type, author_id, author_name, ip_address, channel.
        account_id: the contact's right before it; of a birth, right after it.
        changes: old and new value of each field that became another, canonical; none for a save without effect. Of the account
            only where the contact moves.
        saved: fields written with the value that they had.
    """

    number: int
    contact_id: int
    account_id: int
    at: datetime
    action: str
    author: dict[str, str | None]
    changes: dict[str, tuple[Any, Any]]
    saved: tuple[str, ...] = ()

    @property
    def net(self) -> bool:
        """Whether the contact differs after it: existence counts as a field."""
        return bool(self.changes) or self.action != "update"

    @property
    def who(self) -> tuple[Any, ...] | None:
        return who(self.author)


@dataclass(frozen=True)
class Capture:
    snapshot_id: int
    at: datetime
    kind: str  # full | changed


@dataclass(frozen=True)
class Truth:
    """All operations and captures, and how each contact was before its first operation."""

    operations: tuple[Operation, ...]
    captures: tuple[Capture, ...]
    first: dict[int, State]
    created_at: dict[int, datetime | None]

    @cached_property
    def by_contact(self) -> dict[int, list[Operation]]:
        found: dict[int, list[Operation]] = {contact_id: [] for contact_id in self.first}
        for operation in self.operations:
            found[operation.contact_id].append(operation)
        return found

    def of(self, contact_id: int) -> list[Operation]:
        return self.by_contact[contact_id]

    def state(self, contact_id: int, at: datetime) -> State:
        """The contact after all that happened until the moment, included."""
        state = self.first[contact_id]
        for operation in self.of(contact_id):
            if operation.at <= at:
                state = after(operation, state)
        return state

    def pair_of(self, at: datetime) -> int:
        """How many captures lie before the moment: 0 before the first, else the pair that it falls in."""
        return sum(capture.at < at for capture in self.captures)

    def with_kinds(self, kinds: random.Random | str) -> Truth:
        """The same truth and moments, with captures of other kinds."""
        captures = [
            replace(capture, kind=kinds if isinstance(kinds, str) else kinds.choice(["full", "changed"]))
            for capture in self.captures
        ]
        return replace(self, captures=(replace(captures[0], kind="full"), *captures[1:]))


def who(author: dict[str, Any]) -> tuple[Any, ...] | None:
    """Type and id or, without an id, type and name; None where it is nobody that one could name."""
    kind, key, name = (author[column] for column in ("author_type", "author_id", "author_name"))
    if key is None and name is None:
        return None
    return (kind, "id", key) if key is not None else (kind, "name", name)


def after(operation: Operation, state: State) -> State:
    """The state that an operation leaves."""
    if operation.action == "delete":
        return None
    values = dict(state or {ACCOUNT: str(operation.account_id)})
    for name, (_, new) in operation.changes.items():
        values[name] = new
    return {name: value for name, value in values.items() if value is not None}


def live(
    seed: int,
    *,
    contacts: int,
    captures: int,
    near: float = 0.3,
    odd: float = 0.5,
    busy: float = 0.45,
    most: int = 6,
    authors: Sequence[tuple[str | None, str | None, str | None]] = (),
) -> Truth:
    """A truth of its own for each seed.

    `near`: the share of operations around a capture; `odd`: how many captures are not on their border, missed, or one
    of several in a window; `busy`: the share of pairs in which something happens to a contact, `most` operations at most;
    `authors`: whose operations they are, some of AUTHORS without.
    """
    rng = random.Random(f"truth {seed}")
    seen = tuple(_captures(rng, captures, odd))
    lives = _Lives(rng, seen, near, busy, most)
    lives.authors = list(authors) or lives.authors
    for contact_id in range(1, contacts + 1):
        lives.live(contact_id)
    return Truth(tuple(lives.operations), seen, lives.first, lives.created_at)


def _captures(rng: random.Random, count: int, odd: float) -> Iterator[Capture]:
    at = START
    moments = set()
    for _ in range(count):
        off = [timedelta(seconds=5), timedelta(seconds=-240), timedelta(minutes=53), TICK, -TICK]
        moments.add(at + (rng.choice(off) if rng.random() < 0.3 * odd else timedelta()))
        if rng.random() < 0.2 * odd:  # closer than twice the skew
            at += rng.choice([timedelta(seconds=30), timedelta(seconds=100), SKEW, 2 * SKEW - TICK, 2 * SKEW])
        elif rng.random() < 0.2 * odd:  # several in one window
            at += timedelta(minutes=rng.randint(6, 70))
        else:  # some are missed
            at += WINDOW * (rng.choice([2, 3, 8]) if rng.random() < 0.2 * odd else 1)
    for number, moment in enumerate(sorted(moments)):
        kind = "changed" if number and rng.random() < 0.5 else "full"
        yield Capture(number + 1, moment, kind)


class _Lives:
    """Contacts to whom things happen; every choice comes from one generator."""

    def __init__(self, rng: random.Random, captures: tuple[Capture, ...], near: float, busy: float, most: int) -> None:
        self.rng, self.near, self.busy, self.most = rng, near, busy, most
        moments = [capture.at for capture in captures]
        self.edges = [moments[0] - timedelta(hours=4), *moments, moments[-1] + timedelta(hours=2)]
        self.authors = rng.sample(AUTHORS, rng.randint(2, 5))
        self.operations: list[Operation] = []
        self.first: dict[int, State] = {}
        self.created_at: dict[int, datetime | None] = {}

    def live(self, contact_id: int) -> None:
        rng = self.rng
        self.contact_id = contact_id
        state = self.new_state() if rng.random() < 0.7 else None
        self.first[contact_id] = state
        self.created_at[contact_id] = START - timedelta(days=rng.randint(30, 900))
        # Often the same few fields, so that chains, reverts and several authors of one field abound.
        self.fields = rng.sample(sorted(VALUES), rng.choice([2, 3, len(VALUES)]))
        self.born = state is not None
        self.past: dict[str, list[Any]] = defaultdict(list)
        for at in self.moments():
            state = self.act(at, state)

    def moments(self) -> list[datetime]:
        """When something happens: bursts between two captures, around one, or two things at one moment."""
        rng = self.rng
        found: list[datetime] = []
        for begin, end in pairwise(self.edges):
            quiet = rng.random() >= self.busy * (0.4 if begin is self.edges[0] else 1)
            for _ in range(0 if quiet else rng.randint(1, self.most)):
                at = begin + (end - begin) * rng.random()
                if rng.random() < self.near:
                    spread = [-SKEW, SKEW, timedelta(), TICK, SKEW * rng.uniform(-1, 1), SKEW * rng.uniform(-1, 1)]
                    at = rng.choice([begin, end]) + rng.choice(spread)
                found.append(found[-1] if found and rng.random() < 0.07 else at)
        return sorted(found)

    def new_state(self) -> dict[str, Any]:
        values = {name: canonical(self.rng.choice(values)) for name, values in VALUES.items()}
        values[ACCOUNT] = self.rng.choice(ACCOUNTS)
        return {name: value for name, value in values.items() if value is not None}

    def act(self, at: datetime, state: State) -> State:
        rng = self.rng
        if state is None:
            # Who has been there before comes back more often than not.
            action = "restore" if self.born and rng.random() < 0.6 else "create"
            self.born = True
            return self.done(at, action, state, self.new_state())
        if rng.random() < 0.08:
            return self.done(at, "delete", state, None)
        touched = rng.sample(self.fields, rng.randint(1, min(3, len(self.fields))))
        if rng.random() < 0.1:  # a save without effect
            return self.done(at, "update", state, state, tuple(touched[: rng.randint(0, 2)]))
        values = dict(state)
        for name in touched:
            revert = self.past[name] and rng.random() < 0.3
            values[name] = self.past[name][-1] if revert else canonical(rng.choice(VALUES[name]))
            self.past[name].append(state.get(name))
        saved = tuple(name for name in touched if same(values[name], state.get(name)))
        if rng.random() < 0.15:  # it moves, too
            values[ACCOUNT] = rng.choice(ACCOUNTS)
        return self.done(at, "update", state, values, saved)

    def done(self, at: datetime, action: str, before: State, now: State, saved: tuple[str, ...] = ()) -> State:
        rng = self.rng
        old, new = before or {}, now or {}
        author_type, author_id, author_name = rng.choice(self.authors)
        self.operations.append(
            Operation(
                number=len(self.operations) + 1,
                contact_id=self.contact_id,
                account_id=int((old or new)[ACCOUNT]),
                at=at,
                action=action,
                author={
                    "author_type": author_type,
                    "author_id": author_id,
                    "author_name": author_name,
                    "ip_address": rng.choice(ADDRESSES),
                    "channel": rng.choice(CHANNELS),
                },
                changes={
                    name: (old.get(name), new.get(name))
                    for name in (*VALUES, *([ACCOUNT] if old and new else []))
                    if not same(old.get(name), new.get(name))
                },
                saved=saved,
            )
        )
        return after(self.operations[-1], before)
