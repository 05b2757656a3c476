"""Worlds with known events, through PostgreSQL: every event and every entry without one as listed, every column."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.oracle import derive
from tests.support.runs import backfill, new_pipeline, query, stored, sync
from tests.support.worlds import load_world, random_world, write_world

COLUMNS = (
    "account_id, contact_id, action, author_type, author_id, author_name, host(ip_address) as ip_address, channel, occurred_at, "
    "occurred_after, sequence, changes, attribution, journal_entry_id, candidates, previous_snapshot_id, snapshot_id, window_end"
)


def _events(dsn: str) -> list[dict[str, Any]]:
    rows = query(dsn, f"select {COLUMNS} from audit.contact_audit_log order by contact_id, window_end, sequence")
    for row in rows:
        for name in ("occurred_at", "occurred_after", "window_end"):
            row[name] = row[name].isoformat()
    return rows


def _expected(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(events, key=lambda event: (event["contact_id"], event["window_end"], event["sequence"]))


def _without(dsn: str) -> list[tuple[int, str]]:
    rows = query(dsn, "select entry_id, reason from audit.entries_without_event order by entry_id")
    return [(row["entry_id"], row["reason"]) for row in rows]


def _ends(world: dict[str, Any]) -> list[datetime]:
    """The ends of all windows from the first moment to the newest capture's."""
    moments = [datetime.fromisoformat(row["captured_at"]) for row in world["snapshots"]]
    moments += [datetime.fromisoformat(row["occurred_at"]) for row in world["contact_journal"]]
    newest = max(datetime.fromisoformat(row["captured_at"]) for row in world["snapshots"])
    start = min(moments) - timedelta(hours=6)
    start = start.replace(hour=start.hour // 3 * 3, minute=0, second=0, microsecond=0)
    count = -(-(newest - start) // timedelta(hours=3))
    return [start + timedelta(hours=3) * number for number in range(1, count + 1)]


@pytest.mark.parametrize("name", ["plain", "hard", "border"])
def test_a_world_gives_the_events_that_it_lists(name: str, helpdesk_dsn: str, audit_dsn: str) -> None:
    world = load_world(name)
    write_world(helpdesk_dsn, world)
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn)
    for end in _ends(world):
        sync(pipeline, end)
    assert _events(audit_dsn) == _expected(world["expected_events"])
    assert _without(audit_dsn) == sorted(
        (row["entry_id"], row["reason"]) for row in world["expected_entries_without_event"]
    )


@pytest.mark.parametrize("name", ["plain", "hard", "border"])
def test_a_world_gives_them_at_once_too(name: str, helpdesk_dsn: str, audit_dsn: str) -> None:
    world = load_world(name)
    write_world(helpdesk_dsn, world)
    ends = _ends(world)
    first = max(ends[0] - timedelta(hours=3), datetime.fromisoformat("2019-10-01T00:00:00+00:00"))
    backfill(new_pipeline(helpdesk_dsn, audit_dsn), from_=first.isoformat(), to=ends[-1].isoformat(), chunk="day")
    inside = [event for event in _expected(world["expected_events"]) if event["window_end"] > first.isoformat()]
    assert _events(audit_dsn) == inside
    assert {row["rules_version"] for row in query(audit_dsn, "select rules_version from audit.contact_audit_log")} == {
        2
    }


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.heavy(minutes=5)
def test_random_worlds_give_what_the_oracle_says_window_by_window_and_at_once(
    seed: int, helpdesk_dsn: str, new_database: Any, _audit_template: str
) -> None:
    world = random_world(seed, contacts=12, captures=8, hardness=seed / 3)
    write_world(helpdesk_dsn, world)
    events, without = derive(world)
    one, other = new_database(_audit_template), new_database(_audit_template)
    ends = _ends(world)
    for end in ends:
        sync(new_pipeline(helpdesk_dsn, one, brake_share=1.0), end)
    assert _events(one) == _expected(events)
    assert _without(one) == sorted((row["entry_id"], row["reason"]) for row in without)
    first = max(ends[0] - timedelta(hours=3), datetime.fromisoformat("2019-10-01T00:00:00+00:00"))
    backfill(
        new_pipeline(helpdesk_dsn, other, brake_share=1.0),
        from_=first.isoformat(),
        to=ends[-1].isoformat(),
        chunk="day",
    )
    inside = [row for row in stored(one)["contact_audit_log"] if row["window_end"] > first]
    assert stored(other)["contact_audit_log"] == inside
    assert stored(other)["contacts"] == stored(one)["contacts"]
