"""Rows of captures that cannot be used, window by window as they come and in bulk: the same events, none false, none lost."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.compact import expected, logged, moment, together, world_of
from tests.support.runs import backfill, new_pipeline, query, stored, sync
from tests.support.unusable_rows import ACROSS, FROM_THE_FIRST
from tests.support.worlds import write_world

ENDS = ("00:00", "03:00", "06:00", "09:00", "12:00", "15:00")
SPAN = {"from_": moment("-3:00").isoformat(), "to": moment("15:00").isoformat()}
TABLES = ("contact_audit_log", "entries_without_event", "rejected_rows")


@pytest.fixture
def audits(new_database: Callable[..., str], _audit_template: str) -> tuple[str, str]:
    return new_database(_audit_template), new_database(_audit_template)


def until(world: dict[str, Any], end: str, after: str | None = None) -> dict[str, Any]:
    """What a world has come to between two moments."""
    low, high = (None if text is None else moment(text).isoformat() for text in (after, end))

    def within(text: str) -> bool:
        return text <= str(high) and (low is None or text > low)

    captures = [row for row in world["snapshots"] if within(row["captured_at"])]
    ids = {row["snapshot_id"] for row in captures}
    return {
        "snapshots": captures,
        "contact_snapshots": [row for row in world["contact_snapshots"] if row["snapshot_id"] in ids],
        "contact_journal": [row for row in world["contact_journal"] if within(row["recorded_at"])],
    }


def alike() -> list[list[tuple[str, str]]]:
    """The stories, those with the same captures together."""
    found: dict[str, list[tuple[str, str]]] = {}
    for story, told in (param.values for param in (*ACROSS, *FROM_THE_FIRST)):
        captures = str(world_of(str(story))["snapshots"])
        found.setdefault(captures, []).append((str(story), str(told)))
    return list(found.values())


@pytest.mark.parametrize("stories", alike(), ids=lambda stories: stories[0][1].strip() or "none")
def test_as_they_come_and_in_bulk_the_log_is_the_same(
    stories: list[tuple[str, str]], helpdesk_dsn: str, audits: tuple[str, str]
) -> None:
    world = together([story for story, _ in stories])
    live, bulk = (new_pipeline(helpdesk_dsn, audit, brake_share=1.0) for audit in audits)
    before = None
    for end in ENDS:
        write_world(helpdesk_dsn, until(world, end, before))
        sync(live, moment(end))
        before = end
    for number, (story, told) in enumerate(stories):
        assert logged(live.audit_dsn, number + 1) == expected(told), story
    backfill(bulk, **SPAN)
    assert stored(bulk.audit_dsn, TABLES) == stored(live.audit_dsn, TABLES)
    bad = [
        (row["contact_id"], row["snapshot_id"]) for row in world["contact_snapshots"] if row["custom_fields"] == "bad"
    ]
    rows = query(bulk.audit_dsn, "select contact_id::int, snapshot_id from audit.rejected_rows")
    assert sorted(tuple(row.values()) for row in rows) == sorted(bad)
