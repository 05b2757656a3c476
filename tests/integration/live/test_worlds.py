"""The simulator's worlds, lived by a helpdesk without captures, whose transactions commit late: the log against the truth.

Every change that the helpdesk's journal tells is one right event, `recorded`, in the pair whose captures enclose its commit.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from contact_audit.sources import ADAPTERS
from contact_audit.sources.capture import take
from contact_audit.sources.store import LiveSource
from tests.support.oracle_journal import ACCOUNT, canonical
from tests.support.runs import new_pipeline, query, sync
from tests.support.tiny import TinyAdapter, register
from tests.support.tiny.world import last_border
from tests.support.truth import Operation, Truth, after, live

Do = Callable[..., list[dict[str, Any]]]


@dataclass(frozen=True)
class LiveWorld(TinyAdapter):
    """The tiny adapter, whose journal says of its authors what a world does; '' is not null there."""

    empty_is_null: bool = False

    def rows(self, raw: pd.DataFrame) -> pd.DataFrame:
        """One row each."""
        found = super().rows(raw)
        authors = [json.loads(one["author"]) for one in raw["raw"]]
        for column in ("author_type", "author_id", "author_name", "ip_address", "channel"):
            found[column] = pd.Series([author[column] for author in authors], dtype=object)
        found["account_id"] = [author["account_id"] for author in authors]
        return found


def commits(truth: Truth, rng: random.Random) -> list[tuple[datetime, Operation]]:
    """When each operation commits: mostly at once, some hours late; a contact's in the order in which they happened, as row locks do."""
    found: list[tuple[datetime, Operation]] = []
    for operations in truth.by_contact.values():
        last = datetime.min.replace(tzinfo=truth.captures[0].at.tzinfo)
        for operation in operations:
            late = timedelta(hours=rng.uniform(0, 8)) if rng.random() < 0.4 else timedelta()
            last = max(last, operation.at + late)
            found.append((last, operation))
    return sorted(found, key=lambda one: (one[0], one[1].number))


def write(do: Do, contact_id: int, state: dict[str, Any] | None, created_at: datetime | None) -> None:
    """How a contact is from now on."""
    do("delete from person where id = %s", (contact_id,))
    if state is None:
        return
    extra = {
        name.removeprefix("custom_fields."): value for name, value in state.items() if name.startswith("custom_fields.")
    }
    do(
        "insert into person (id, account, name, email, phone, extra, created_at) values (%s, %s, %s, %s, %s, %s, %s)",
        (
            *(contact_id, int(state[ACCOUNT]), state.get("name"), state.get("email"), state.get("primary_phone")),
            *(json.dumps(extra), created_at),
        ),
    )


@pytest.mark.parametrize("seed", range(3))
def test_every_change_is_one_right_event_though_commits_come_late(
    seed: int, tiny_dsn: str, audit_dsn: str, do: Do
) -> None:
    register(LiveWorld())
    try:
        pipeline = new_pipeline(tiny_dsn, audit_dsn, source="tiny", brake_share=1.0)
        _live_through(seed, pipeline, do)
    finally:
        ADAPTERS.pop("tiny", None)


def _live_through(seed: int, pipeline: Any, do: Do) -> None:
    truth = live(seed, contacts=9, captures=7, odd=0.0)
    assert isinstance(pipeline.source, LiveSource)
    states = dict(truth.first)
    for contact_id, state in states.items():
        write(do, contact_id, state, truth.created_at[contact_id])
    left = commits(truth, random.Random(seed))
    expected: list[tuple[Any, ...]] = []
    silent = 0
    for capture in truth.captures:
        while left and left[0][0] <= capture.at:
            _, operation = left.pop(0)
            contact_id = operation.contact_id
            states[contact_id] = after(operation, states[contact_id])
            write(do, contact_id, states[contact_id], truth.created_at[contact_id])
            _journal(do, operation)
            if capture is not truth.captures[0]:
                silent += not operation.net
                if operation.net:
                    expected.append((capture.snapshot_id, contact_id, operation.number, _claim(operation)))
        assert take(pipeline.source, pipeline.settings).snapshot_id == capture.snapshot_id
    sync(pipeline, last_border())
    told = query(
        pipeline.audit_dsn,
        "select snapshot_id::int, contact_id::int, action, attribution, author_type, author_id, author_name, changes "
        "from audit.contact_audit_log where snapshot_id is not null order by contact_id::int, snapshot_id, sequence",
    )
    expected.sort(key=lambda one: (one[1], one[0], one[2]))
    assert len(expected) > 30
    assert [(row["snapshot_id"], row["contact_id"], _told(row)) for row in told] == [
        (snapshot_id, contact_id, claim) for snapshot_id, contact_id, _, claim in expected
    ]
    assert {row["attribution"] for row in told} == {"recorded"}
    assert query(pipeline.audit_dsn, "select count(*)::int as n from audit.entries_without_event")[0]["n"] == silent


def _journal(do: Do, operation: Operation) -> None:
    items = [{"field": name, "old": old, "new": new} for name, (old, new) in operation.changes.items()]
    items += [{"field": name} for name in operation.saved]
    # Two of one moment are two saves; ids are given when a transaction begins.
    at = operation.at + timedelta(microseconds=operation.number)
    do(
        "insert into log (id, person, at, author, action, items) values (%s, %s, %s, %s, %s, %s)",
        (
            *(operation.number, operation.contact_id, at),
            *(
                json.dumps({**operation.author, "account_id": operation.account_id}),
                operation.action,
                json.dumps(items),
            ),
        ),
    )


def _claim(operation: Operation) -> tuple[Any, ...]:
    author = operation.author
    changes = sorted(
        (name, repr(canonical(old)), repr(canonical(new))) for name, (old, new) in operation.changes.items()
    )
    return (operation.action, author["author_type"] or "unknown", author["author_id"], author["author_name"], changes)


def _told(row: dict[str, Any]) -> tuple[Any, ...]:
    changes = sorted((one["field"], repr(canonical(one["old"])), repr(canonical(one["new"]))) for one in row["changes"])
    return (row["action"], row["author_type"], row["author_id"], row["author_name"], changes)
