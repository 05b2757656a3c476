"""Sight instead of clocks: an entry lies before the capture whose snapshot held it, whatever its own moment says."""

import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg2
import pytest

from contact_audit.runs.pipeline import Pipeline
from contact_audit.sources.capture import take
from contact_audit.sources.store import LiveSource
from contact_audit.sources.taking import Store
from tests.support.runs import backfill, new_pipeline, query, stored, sync
from tests.support.tiny import TinyAdapter, register
from tests.support.tiny.world import events, last_border

Do = Callable[..., list[dict[str, Any]]]
RENAMED = """insert into log (person, author, at, items)
values (1, '9', %s, '[{"field": "name", "old": "Dana", "new": "Dana Smith"}]')"""


@pytest.fixture
def dana(do: Do) -> None:
    """Dana, a contact, and Ann, an agent."""
    do("insert into person (id, name, role) values (1, 'Dana', 'customer'), (9, 'Ann', 'agent')")


@pytest.mark.usefixtures("dana")
def test_a_transaction_that_commits_after_a_capture_belongs_to_the_next_one(pipeline: Pipeline, tiny_dsn: str) -> None:
    with closing(psycopg2.connect(tiny_dsn)) as slow, slow.cursor() as cursor:
        cursor.execute(RENAMED, ("2020-01-01Z",))
        cursor.execute("update person set name = 'Dana Smith' where id = 1")
        sync(pipeline, last_border())
        sync(pipeline, last_border())
        slow.commit()
    sync(pipeline, last_border())
    assert [(one["attribution"], one["author_id"]) for one in events(pipeline)] == [("recorded", "9")]
    pair = query(pipeline.audit_dsn, "select previous_snapshot_id::int, snapshot_id::int from audit.contact_audit_log")
    assert pair == [{"previous_snapshot_id": 2, "snapshot_id": 3}]


@pytest.mark.usefixtures("dana")
def test_ids_given_early_and_committed_late_are_found(pipeline: Pipeline, do: Do, tiny_dsn: str) -> None:
    sync(pipeline, last_border())
    with closing(psycopg2.connect(tiny_dsn)) as slow, slow.cursor() as cursor:
        cursor.execute(RENAMED, ("2026-01-01Z",))
        do("insert into log (person, author) values (9, '9'), (9, '9')")
        sync(pipeline, last_border())
        cursor.execute("update person set name = 'Dana Smith' where id = 1")
        slow.commit()
    sync(pipeline, last_border())
    assert [(one["contact_id"], one["attribution"]) for one in events(pipeline)] == [(1, "recorded")]


@pytest.mark.usefixtures("dana")
def test_the_first_copy_wins_over_what_is_rewritten_or_purged_later(pipeline: Pipeline, do: Do) -> None:
    sync(pipeline, last_border())
    do("update person set name = 'Dana Smith' where id = 1")
    do(RENAMED, ("2026-01-01Z",))
    sync(pipeline, last_border())
    before = stored(pipeline.audit_dsn)
    do("update log set author = '1'")
    sync(pipeline, last_border())
    do("delete from log")
    sync(pipeline, last_border())
    backfill(pipeline, now=last_border(), from_="2026-11-01T00:00:00Z", force=True)
    assert [one["author_id"] for one in events(pipeline)] == ["9"]
    assert stored(pipeline.audit_dsn, ["contact_audit_log"]) == {"contact_audit_log": before["contact_audit_log"]}


@pytest.mark.usefixtures("dana")
def test_the_same_evidence_again_is_a_capture_without_rows(pipeline: Pipeline) -> None:
    sync(pipeline, last_border())
    sync(pipeline, last_border())
    rows = query(
        pipeline.audit_dsn, "select kind, contacts::int, rows_written::int from captures.snapshots order by snapshot_id"
    )
    assert [tuple(row.values()) for row in rows] == [("full", 2, 2), ("changed", 2, 0)]


@pytest.mark.usefixtures("dana")
def test_an_agent_who_becomes_a_contact_is_told_from_then_on(pipeline: Pipeline, do: Do) -> None:
    sync(pipeline, last_border())
    do("update person set name = 'Ann B' where id = 9")
    sync(pipeline, last_border())
    do("update person set role = 'customer' where id = 9")
    sync(pipeline, last_border())
    assert events(pipeline) == []
    do("update person set email = 'a@x.io' where id = 9")
    do("update person set role = 'agent' where id = 1")
    sync(pipeline, last_border())
    do("update person set email = 'd@x.io' where id = 1")
    sync(pipeline, last_border())
    assert [(one["contact_id"], one["action"], one["changes"]) for one in events(pipeline)] == [
        (1, "update", [{"field": "email", "old": None, "new": "d@x.io"}]),
        (9, "update", [{"field": "email", "old": None, "new": "a@x.io"}]),
    ]
    known = query(pipeline.audit_dsn, "select contact_id::int, email from audit.contacts order by 1")
    assert [tuple(row.values()) for row in known] == [(1, "d@x.io"), (9, "a@x.io")]


@pytest.mark.usefixtures("dana")
def test_a_change_of_role_with_a_change_of_values_tells_that_change_alone(pipeline: Pipeline, do: Do) -> None:
    sync(pipeline, last_border())
    do("update person set name = 'Ann B' where id = 9")
    sync(pipeline, last_border())
    do("update person set role = 'customer', email = 'a@x.io' where id = 9")
    sync(pipeline, last_border())
    sync(pipeline, last_border())
    assert [one["changes"] for one in events(pipeline)] == [[{"field": "email", "old": None, "new": "a@x.io"}]]
    backfill(pipeline, now=last_border(), from_="2026-11-01T00:00:00Z", force=True)
    assert [one["changes"] for one in events(pipeline)] == [[{"field": "email", "old": None, "new": "a@x.io"}]]


@pytest.mark.usefixtures("dana")
def test_a_version_that_reads_contacts_otherwise_makes_a_baseline(
    pipeline: Pipeline, do: Do, tiny_dsn: str, tmp_path: Any
) -> None:
    sync(pipeline, last_border())
    register(TinyAdapter(version=2), phone_of="upper(p.name)", into=tmp_path)
    newer = new_pipeline(tiny_dsn, pipeline.audit_dsn, source="tiny")
    do(RENAMED, ("2026-01-01Z",))
    do("update person set name = 'Dana Smith' where id = 1")
    plan, _ = sync(newer, last_border())
    assert any("new baseline" in note for note in plan["notes"])
    assert events(newer) == []
    without = query(newer.audit_dsn, "select reason from audit.entries_without_event")
    assert without == [{"reason": "not_captured"}]
    do("update person set name = 'Dana Jones' where id = 1")
    sync(newer, last_border())
    assert [one["changes"] for one in events(newer)] == [
        [
            {"field": "name", "old": "Dana Smith", "new": "Dana Jones"},
            {"field": "primary_phone", "old": "DANA SMITH", "new": "DANA JONES"},
        ]
    ]


@pytest.mark.usefixtures("dana")
def test_after_an_ignored_baseline_the_next_capture_is_the_baseline(
    pipeline: Pipeline, do: Do, tiny_dsn: str, tmp_path: Any
) -> None:
    sync(pipeline, last_border())
    register(TinyAdapter(version=2), phone_of="upper(p.name)", into=tmp_path)
    newer = new_pipeline(tiny_dsn, pipeline.audit_dsn, source="tiny")
    sync(newer, last_border())
    query(
        newer.audit_dsn,
        "insert into audit.capture_decisions (snapshot_id, decision, decided_by, reason) values (2, 'ignore', 'me', 'because')",
    )
    sync(newer, last_border())
    assert events(newer) == []
    do("update person set name = 'Dana Jones' where id = 1")
    sync(newer, last_border())
    assert [one["changes"] for one in events(newer)] == [
        [
            {"field": "name", "old": "Dana", "new": "Dana Jones"},
            {"field": "primary_phone", "old": "DANA", "new": "DANA JONES"},
        ]
    ]


@pytest.mark.usefixtures("dana")
def test_of_two_runs_at_once_the_second_waits_and_uses_the_firsts_capture(pipeline: Pipeline) -> None:
    assert isinstance(pipeline.source, LiveSource)
    with closing(psycopg2.connect(pipeline.audit_dsn)) as other:
        Store(other).query("lock")
        taken: list[int] = []
        source, settings = pipeline.source, pipeline.settings
        runs = [threading.Thread(target=lambda: taken.append(take(source, settings).snapshot_id)) for _ in range(3)]
        for run in runs:
            run.start()
        _until_waiting(pipeline.audit_dsn, 3)
    for run in runs:
        run.join(60)
    assert taken == [1, 1, 1]


def _until_waiting(dsn: str, count: int) -> None:
    for _ in range(600):
        waiting = query(
            dsn,
            "select count(*)::int as n from pg_locks where locktype = 'relation' and not granted "
            "and database = (select oid from pg_database where datname = current_database())",
        )
        if waiting[0]["n"] == count:
            return
        threading.Event().wait(0.05)
    raise AssertionError("no such many runs wait")


@pytest.mark.usefixtures("dana")
def test_what_an_ignored_capture_showed_the_next_one_shows(pipeline: Pipeline, do: Do) -> None:
    sync(pipeline, last_border())
    do("update person set name = 'Dana Smith' where id = 1")
    do(RENAMED, ("2026-01-01Z",))
    sync(pipeline, last_border())
    query(
        pipeline.audit_dsn,
        "insert into audit.capture_decisions (snapshot_id, decision, decided_by, reason) values (2, 'ignore', 'me', 'because')",
    )
    sync(pipeline, last_border())
    assert [(one["attribution"], one["author_id"]) for one in events(pipeline)] == [("recorded", "9")]
    pair = query(pipeline.audit_dsn, "select previous_snapshot_id::int, snapshot_id::int from audit.contact_audit_log")
    assert pair == [{"previous_snapshot_id": 1, "snapshot_id": 3}]
