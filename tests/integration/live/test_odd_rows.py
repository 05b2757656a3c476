"""Journal rows that can be no entry: without contact, or without moment. They are set aside whole, each once, in the window that saw it."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from contact_audit.runs.pipeline import Pipeline
from tests.support.runs import backfill, query, sync
from tests.support.tiny.world import events, last_border

Do = Callable[..., list[dict[str, Any]]]
NAMELESS = "insert into log (id, person, author, at) values (%s, null, '9', %s)"
UNDATED = "insert into log (id, person, author, at) values (%s, 1, '9', %s)"


@pytest.fixture
def dana(pipeline: Pipeline, do: Do) -> Pipeline:
    """Dana, a contact, whom an agent renamed; a pipeline."""
    do("alter table log alter column at drop not null")
    do("insert into person (id, name, role) values (1, 'Dana', 'customer'), (9, 'Ann', 'agent')")
    return pipeline


def rejected(pipeline: Pipeline) -> list[tuple[Any, ...]]:
    """entry_id, contact_id, reason, the raw copy's author, whether it is in the window of the capture that saw it."""
    rows = query(
        pipeline.audit_dsn,
        """select r.entry_id::int, r.contact_id::int, r.reason, r.row, s.captured_at <= r.window_end
            and s.captured_at > r.window_end - interval '3 hours' as inside
        from audit.rejected_rows as r
        left join captures.journal_rows as j on j.entry_id = r.entry_id
        left join captures.snapshots as s on s.snapshot_id = j.seen_snapshot_id
        where r.relation = 'contact_journal' order by r.entry_id""",
    )
    return [tuple(row.values()) for row in rows]


def test_rows_without_contact_or_moment_are_rejected_whole(dana: Pipeline, do: Do) -> None:
    sync(dana, last_border())
    do("update person set name = 'Dana Smith' where id = 1")
    do(NAMELESS, (5, "2026-01-01Z"))
    do(UNDATED, (6, None))
    do(UNDATED, (7, "infinity"))
    do(UNDATED, (10, "20001-01-01Z"))
    do("insert into log (id, person, author, at) values (8, 1, '9', '2026-01-02Z')")
    _, report = sync(dana, last_border())
    assert report.rejected == 4
    found = rejected(dana)
    assert [(row[0], row[1], row[2], row[4]) for row in found] == [
        (5, None, "contact_id is null", True),
        (6, 1, "occurred_at is null", True),
        (7, 1, "occurred_at is null", True),
        (10, 1, "occurred_at is null", True),
    ]
    whole = [row[3] if isinstance(row[3], dict) else json.loads(row[3]) for row in found]
    assert whole[0]["raw"]["author"] == "9"
    assert whole[0]["occurred_at"].startswith("2026-01-01")
    assert [row["raw"]["action"] for row in whole] == ["update"] * 4
    assert [row["raw"].get("occurred_at", "")[:8] for row in whole] == ["", "", "infinity", "20001-01"]
    assert [(one["contact_id"], one["attribution"]) for one in events(dana)] == [(1, "inferred")]
    _, report = sync(dana, last_border())
    assert rejected(dana) == found


def test_such_rows_that_the_first_capture_saw_are_told_once_by_the_backfill(dana: Pipeline, do: Do) -> None:
    do(NAMELESS, (5, "2024-05-01 10:00Z"))
    do(UNDATED, (6, None))
    now = last_border() + timedelta(minutes=1)
    report = backfill(dana, now=now, from_="2024-05-01T00:00:00Z")
    sync(dana, last_border())
    sync(dana, last_border())
    assert report.rejected == 1
    assert [(row[0], row[2]) for row in rejected(dana)] == [(5, "contact_id is null"), (6, "occurred_at is null")]
    windows = query(
        dana.audit_dsn,
        "select window_end = '2024-05-01 12:00Z' as then from audit.rejected_rows order by entry_id",
    )
    assert windows == [{"then": True}, {"then": False}]


def test_after_a_restored_backup_such_a_row_has_an_id_of_its_own(dana: Pipeline, do: Do) -> None:
    do(UNDATED, (5, None))
    sync(dana, last_border())
    query(dana.audit_dsn, "update captures.snapshots set epoch = 2")
    do(UNDATED, (6, None))
    sync(dana, last_border())
    ids = query(dana.audit_dsn, "select entry_id from audit.rejected_rows order by entry_id")
    assert [row["entry_id"] for row in ids] == [5, (1 << 48) + 6]
