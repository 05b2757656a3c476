"""The same evidence gives the same rows: again, side by side, in any chunking, after any crash."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from contact_audit.windows import HISTORY_START
from tests.support.compact import moment, world_of
from tests.support.runs import backfill, new_pipeline, query, stored, sync
from tests.support.worlds import random_world, write_world

LAST = HISTORY_START + timedelta(hours=33)
SPAN = {"from_": HISTORY_START.isoformat(), "to": LAST.isoformat()}


@pytest.fixture
def world(helpdesk_dsn: str) -> dict[str, Any]:
    """A hard world over a day's border, in the helpdesk."""
    made = random_world(77, contacts=15, captures=15, hardness=0.9)
    made["snapshots"] = [row for row in made["snapshots"] if datetime.fromisoformat(row["captured_at"]) <= LAST]
    there = {row["snapshot_id"] for row in made["snapshots"]}
    made["contact_snapshots"] = [row for row in made["contact_snapshots"] if row["snapshot_id"] in there]
    write_world(helpdesk_dsn, made)
    return made


@pytest.fixture
def audit(new_database: Any, _audit_template: str) -> Callable[[], str]:
    """Makes a fresh audit database."""
    return lambda: str(new_database(_audit_template))


def whole_rows(dsn: str) -> list[dict[str, Any]]:
    """The log with run_id and loaded_at."""
    return query(dsn, "select * from audit.contact_audit_log order by event_id, occurred_at")


def ends() -> list[datetime]:
    return [HISTORY_START + timedelta(hours=3) * number for number in range(1, 12)]


@pytest.mark.usefixtures("world")
def test_the_same_windows_again_leave_identical_rows_alone(helpdesk_dsn: str, audit_dsn: str) -> None:
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0)
    backfill(pipeline, "first", **SPAN)
    before, rows = stored(audit_dsn), whole_rows(audit_dsn)
    assert rows
    again = backfill(pipeline, "forced", force=True, **SPAN)
    assert (again.windows, again.events, again.superseded) == (11, len(rows), 0)
    for end in ends()[5:8]:
        sync(pipeline, end, "again", only_own=True)
    assert whole_rows(audit_dsn) == rows
    assert stored(audit_dsn) == before
    assert query(audit_dsn, "select * from audit.superseded_events") == []


@pytest.mark.usefixtures("world")
def test_loaded_chunks_are_skipped_and_say_so(helpdesk_dsn: str, audit_dsn: str) -> None:
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0)
    first = backfill(pipeline, "first", chunk="day", **SPAN)
    assert first.windows == 11
    ledger = query(audit_dsn, "select * from audit.ledger order by sequence")
    again = backfill(pipeline, "again", chunk="month", **SPAN)
    assert (again.windows, again.events) == (0, 0)
    assert query(audit_dsn, "select * from audit.ledger order by sequence") == ledger


@pytest.mark.usefixtures("world")
def test_a_dry_run_tells_what_would_change_and_writes_nothing(helpdesk_dsn: str, audit_dsn: str) -> None:
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0)
    before = everything(audit_dsn)
    dry = backfill(pipeline, "dry", dry_run=True, **SPAN)
    assert everything(audit_dsn) == before
    wet = backfill(pipeline, "wet", **SPAN)
    dry.notes.clear()
    assert dry == wet
    query(helpdesk_dsn, "update helpdesk.contact_journal set author_id = '99' where author_id = '7'")
    before = everything(audit_dsn)
    dry = backfill(pipeline, "dry", dry_run=True, force=True, **SPAN)
    assert dry.superseded > 0
    assert everything(audit_dsn) == before
    assert backfill(pipeline, "wet", force=True, **SPAN).superseded == dry.superseded


@pytest.mark.usefixtures("world")
@pytest.mark.heavy(minutes=5)
def test_four_ways_give_the_same_rows(helpdesk_dsn: str, audit: Callable[[], str]) -> None:
    by_sync, by_day, by_month, by_airflow = audit(), audit(), audit(), audit()
    for end in ends():
        sync(new_pipeline(helpdesk_dsn, by_sync, brake_share=1.0), end)
    backfill(new_pipeline(helpdesk_dsn, by_day, brake_share=1.0), chunk="day", **SPAN)
    backfill(new_pipeline(helpdesk_dsn, by_month, brake_share=1.0), chunk="month", **SPAN)
    for end in reversed(ends()):  # Airflow's own backfill may run them in any order
        sync(new_pipeline(helpdesk_dsn, by_airflow, brake_share=1.0), end, only_own=True)
    wanted = stored(by_month)
    assert len(wanted["contact_audit_log"]) > 100
    for other in (by_sync, by_day, by_airflow):
        assert stored(other) == wanted


@pytest.mark.usefixtures("world")
def test_runs_at_the_same_moment_give_the_same_rows_without_deadlock(
    helpdesk_dsn: str, audit: Callable[[], str]
) -> None:
    undisturbed, crowded = audit(), audit()
    backfill(new_pipeline(helpdesk_dsn, undisturbed, brake_share=1.0), **SPAN)
    start, failures = threading.Barrier(4), []

    def run(work: Callable[[], object]) -> None:
        start.wait()
        try:
            work()
        except Exception as error:
            failures.append(error)

    def pipeline() -> Any:
        return new_pipeline(helpdesk_dsn, crowded, brake_share=1.0)

    works: list[Callable[[], object]] = [
        lambda: backfill(pipeline(), "one", chunk="day", force=True, **SPAN),
        lambda: backfill(pipeline(), "two", **SPAN),
        lambda: [sync(pipeline(), end, "three") for end in ends()[::4]],
        lambda: [sync(pipeline(), end, "four", only_own=True) for end in ends()[3::5]],
    ]
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=100)
    assert failures == []
    assert stored(crowded) == stored(undisturbed)


_CHILD = """
import sys
from functools import partial
from tests.support.runs import NOW, Request, new_pipeline, plan_chunks, run_chunk
helpdesk, audit, start, end = sys.argv[1:]
say = partial(print, flush=True)
pipeline = new_pipeline(helpdesk, audit, brake_share=1.0)
request = Request.from_params({"from": start, "to": end, "chunk": "day"}, NOW)
for chunk in plan_chunks(pipeline, request, 1024, "a test", say):
    run_chunk(pipeline, chunk, request, "killed", say)
"""


@pytest.mark.heavy(minutes=5)
def test_a_backfill_killed_at_random_points_and_resumed_gives_the_rows_of_an_undisturbed_one(
    helpdesk_dsn: str, audit: Callable[[], str]
) -> None:
    rng = random.Random(3)
    write_world(helpdesk_dsn, random_world(5, contacts=40, captures=30, hardness=0.7))
    span = {"from_": HISTORY_START.isoformat(), "to": (HISTORY_START + timedelta(days=5)).isoformat()}
    undisturbed, killed = audit(), audit()
    backfill(new_pipeline(helpdesk_dsn, undisturbed, brake_share=1.0), **span)
    command = [sys.executable, "-c", _CHILD, helpdesk_dsn, killed, *span.values()]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["plugins", "."])}
    left: list[int] = []
    for chunks in (2, 1, 1, 2):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
            assert child.stdout is not None
            patience = chunks
            for line in child.stdout:
                patience -= "windows done" in line or "windows in" in line
                if not patience:
                    time.sleep(rng.random() * 0.3)  # somewhere in the next chunk, or in its load
                    child.kill()
                    break
            assert child.wait() == -signal.SIGKILL
        left.append(len(query(killed, "select distinct window_end from audit.ledger")))
    assert left == sorted(left)
    assert 0 < left[-1] < 40
    backfill(new_pipeline(helpdesk_dsn, killed, brake_share=1.0), "resumed", chunk="month", **span)
    assert stored(killed) == stored(undisturbed)
    assert query(killed, "select * from audit.superseded_events") == []
    runs = {row["run_id"] for row in query(killed, "select distinct run_id from audit.contact_audit_log")}
    assert runs == {"killed", "resumed"}


def test_only_what_is_not_loaded_or_has_changed_is_done_again(helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(
        helpdesk_dsn,
        world_of(
            """
            00:00 capture#1 plan=a
            03:00 capture#2 plan=b
            06:00 capture#3 plan=c
            """
        ),
    )
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn)
    span = {"from_": moment("00:00").isoformat(), "to": moment("09:00").isoformat()}
    backfill(pipeline, "first", from_=span["from_"], to=moment("06:00").isoformat())
    write_world(helpdesk_dsn, world_of("01:00~08:00 update #1 ann plan:a>b"))
    report = backfill(pipeline, "second", **span)
    assert (report.windows, report.superseded) == (2, 1)
    rows = query(audit_dsn, "select window_end, run_id from audit.contact_audit_log order by window_end")
    assert [row["run_id"] for row in rows] == ["second", "first"]


def everything(dsn: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of every audit table."""
    tables = query(dsn, "select tablename from pg_tables where schemaname = 'audit' order by 1")
    return {
        row["tablename"]: query(dsn, f"select t.* from audit.{row['tablename']} as t order by t::text")
        for row in tables
    }
