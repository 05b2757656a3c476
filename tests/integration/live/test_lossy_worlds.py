"""Worlds whose journal keeps quiet about much, lived by a helpdesk without captures whose transactions commit late: what the log claims.

Entries are missing, bare, or name fields without values. Nothing that the captures show may be missing then, no author be named who was
not there, and no value that was told be told otherwise.
"""

import json
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from contact_audit.runs.pipeline import Pipeline
from contact_audit.sources import ADAPTERS
from contact_audit.sources.capture import take
from contact_audit.sources.store import LiveSource
from tests.integration.live.test_worlds import LiveWorld, commits, write
from tests.support.oracle_journal import ACCOUNT, canonical
from tests.support.runs import new_pipeline, query, sync
from tests.support.telling import Losses, World, tell
from tests.support.tiny import register
from tests.support.tiny.world import last_border
from tests.support.truth import Operation, State, after, live

Do = Callable[..., list[dict[str, Any]]]
LOSSES = Losses(dropped=0.15, bare=0.15, stripped=0.2, half_stripped=0.15, truncated=0.15, half_told=0.1)


class Lived:
    """A world that was lived: which capture's pair each operation committed in (0: before the first), and how contacts were at each."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.pair: dict[int, int] = {}
        self.states: list[dict[int, State]] = []

    def live(self, pipeline: Pipeline, do: Do, seed: int) -> None:
        """Commit by commit, a capture at each of the world's."""
        assert isinstance(pipeline.source, LiveSource)
        truth = self.world.truth
        states = dict(truth.first)
        for contact_id, state in states.items():
            write(do, contact_id, state, truth.created_at[contact_id])
        left = commits(truth, random.Random(seed))
        rows = {row["entry_id"]: row for row in self.world.rows["contact_journal"]}
        for place, capture in enumerate(truth.captures):
            while left and left[0][0] <= capture.at:
                _, operation = left.pop(0)
                contact_id = operation.contact_id
                states[contact_id] = after(operation, states[contact_id])
                write(do, contact_id, states[contact_id], truth.created_at[contact_id])
                for entry_id in self.world.told[operation.number].entry_ids:
                    journal(do, operation, rows[entry_id])
                self.pair[operation.number] = place
            taken = take(pipeline.source, pipeline.settings)
            assert taken.snapshot_id == place + 1
            self.states.append(dict(states))

    def told(self) -> dict[int, Operation]:
        """The entries of the pairs, each with the operation behind it."""
        return {
            entry_id: operation
            for entry_id, operation in self.world.by_entry.items()
            if self.pair.get(operation.number, 0) > 0
        }


def journal(do: Do, operation: Operation, row: dict[str, Any]) -> None:
    """What an entry says; two of one moment are two saves."""
    author = json.dumps({**operation.author, "account_id": operation.account_id})
    items = None if row["changes"] is None else json.dumps(row["changes"])
    do(
        "insert into log (id, person, at, author, action, items) values (%s, %s, %s, %s, %s, %s)",
        (
            *(row["entry_id"], operation.contact_id, operation.at + timedelta(microseconds=operation.number)),
            *(author, operation.action, items),
        ),
    )


@pytest.fixture(params=range(3))
def lived(request: pytest.FixtureRequest, tiny_dsn: str, audit_dsn: str, do: Do) -> Any:
    """A world, lived; the events of its pairs in the log's order; its entries without an event, each with the reason."""
    register(LiveWorld())
    try:
        pipeline = new_pipeline(tiny_dsn, audit_dsn, source="tiny", brake_share=1.0)
        world = Lived(tell(live(request.param, contacts=12, captures=6, odd=0.0), request.param, LOSSES))
        world.live(pipeline, do, request.param)
        sync(pipeline, last_border())
    finally:
        ADAPTERS.pop("tiny", None)
    events = query(
        audit_dsn,
        "select * from audit.contact_audit_log where snapshot_id is not null order by contact_id::int, snapshot_id, sequence",
    )
    without = query(audit_dsn, "select entry_id, reason from audit.entries_without_event")
    return world, events, {row["entry_id"]: row["reason"] for row in without}


def test_what_is_claimed_of_a_journal_that_keeps_quiet_is_true(lived: Any) -> None:
    world, events, without = lived
    assert len(events) > 30
    assert len({event["attribution"] for event in events}) >= 4
    the_events_lead_from_capture_to_capture(world, events)
    whoever_is_named_was_there(world, events)
    what_was_told_is_told(world, events)
    every_entry_is_accounted_for(world, events, without)


def the_events_lead_from_capture_to_capture(world: Lived, events: list[dict[str, Any]]) -> None:
    for contact_id in world.world.truth.first:
        state = _fields(world.states[0][contact_id])
        for place, there in enumerate(world.states[1:], 1):
            for event in events:
                if (event["contact_id"], event["snapshot_id"]) == (str(contact_id), place + 1):
                    state = _applied(state, event)
            assert state == _fields(there[contact_id])


def _applied(state: dict[str, str] | None, event: dict[str, Any]) -> dict[str, str] | None:
    assert (state is None) == (event["action"] in ("create", "restore"))
    found = dict(state or {})
    for change in event["changes"]:
        if change["field"] != ACCOUNT:
            assert found.pop(change["field"], None) == _value(change["old"])
            value = _value(change["new"])
            found |= {} if value is None else {change["field"]: value}
    if event["action"] != "delete":
        return found
    assert found == {}
    return None


def _fields(state: State) -> dict[str, str] | None:
    if state is None:
        return None
    return {name: text for name, value in state.items() if name != ACCOUNT and (text := _value(value)) is not None}


def _value(value: Any) -> str | None:
    value = canonical(value)
    return None if value is None else repr(value)


def whoever_is_named_was_there(world: Lived, events: list[dict[str, Any]]) -> None:
    by_entry = world.told()
    for event in events:
        place = event["snapshot_id"] - 1
        for entry_id in event["candidates"] or [event["journal_entry_id"]]:
            if entry_id is not None:
                operation = by_entry[entry_id]
                assert (str(operation.contact_id), world.pair[operation.number]) == (event["contact_id"], place)
        if event["journal_entry_id"] is not None:
            author = by_entry[event["journal_entry_id"]].author
            assert event["author_type"] == (author["author_type"] or "unknown")
            assert (event["author_id"], event["author_name"]) == (author["author_id"], author["author_name"])
        elif event["candidates"] is None:
            assert (event["attribution"], event["author_type"]) == ("unattributed", "unknown")


def what_was_told_is_told(world: Lived, events: list[dict[str, Any]]) -> None:
    by_event = {event["journal_entry_id"]: event for event in events}
    quiet_lives = {
        (operation.contact_id, world.pair.get(operation.number))
        for operation in world.world.truth.operations
        if operation.action != "update" and not world.world.told[operation.number].entry_ids
    }
    compared = 0
    for entry_id, operation in world.told().items():
        values = world.world.told[operation.number].values - {ACCOUNT}
        # Where a birth or death is not told, what is told beside it may not know where it belongs.
        if not values or (operation.contact_id, world.pair[operation.number]) in quiet_lives:
            continue
        changes = {one["field"]: (_value(one["old"]), _value(one["new"])) for one in by_event[entry_id]["changes"]}
        for name in values:
            assert changes[name] == tuple(map(_value, operation.changes[name]))
            compared += 1
        if by_event[entry_id]["attribution"] == "recorded":
            assert changes.keys() <= operation.changes.keys()
    assert compared > 15


def every_entry_is_accounted_for(world: Lived, events: list[dict[str, Any]], without: dict[int, str]) -> None:
    used = {event["journal_entry_id"] for event in events} - {None}
    used |= {entry_id for event in events for entry_id in event["candidates"] or ()}
    told = world.told().keys()
    assert used | (without.keys() & told) == told
    assert not used & without.keys()
