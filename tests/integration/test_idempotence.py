"""The same rows on every way: twice, at once, by sync or backfill, in any chunks, killed and resumed."""

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contact_audit.demo import fill
from tests.support.runs import backfill, new_pipeline, query, quiet, stored, sync

ROOT = Path(__file__).resolve().parents[2]
START = datetime(2019, 10, 1, tzinfo=UTC)
DAYS = 40
END = START + timedelta(days=DAYS)
NOW = END.isoformat()


@pytest.fixture
def helpdesk(helpdesk_dsn: str) -> str:
    """Forty days of the demo."""
    fill(helpdesk_dsn, END, quiet, contacts=60)
    return helpdesk_dsn


def _stamps(dsn: str) -> list[dict[str, Any]]:
    return query(dsn, "select event_id, run_id, loaded_at from audit.contact_audit_log order by event_id")


def test_a_window_loaded_twice_keeps_its_rows_untouched(helpdesk: str, audit_dsn: str) -> None:
    pipeline = new_pipeline(helpdesk, audit_dsn)
    backfill(pipeline, "first", to=NOW)
    before, stamps = stored(audit_dsn), _stamps(audit_dsn)
    assert len(stamps) > 100
    report = backfill(pipeline, "second", to=NOW, force=True)
    assert report.windows == DAYS * 8
    assert report.superseded == 0
    assert stored(audit_dsn) == before
    assert _stamps(audit_dsn) == stamps


def test_a_loaded_chunk_is_skipped(helpdesk: str, audit_dsn: str) -> None:
    pipeline = new_pipeline(helpdesk, audit_dsn)
    assert backfill(pipeline, to=NOW, chunk="week").windows == DAYS * 8
    assert backfill(pipeline, to=NOW, chunk="month").windows == 0


def test_a_dry_run_reports_and_writes_nothing(helpdesk: str, audit_dsn: str) -> None:
    report = backfill(new_pipeline(helpdesk, audit_dsn), to=NOW, dry_run=True)
    assert report.events > 100
    assert stored(audit_dsn) == {name: [] for name in stored(audit_dsn)}
    assert query(audit_dsn, "select count(*) as loads from audit.ledger") == [{"loads": 0}]


def test_two_runs_at_once_leave_what_one_leaves(helpdesk: str, new_database: Any, _audit_template: str) -> None:
    one, both = new_database(_audit_template), new_database(_audit_template)
    backfill(new_pipeline(helpdesk, one), to=NOW)
    with ThreadPoolExecutor(2) as threads:
        runs = [
            threads.submit(backfill, new_pipeline(helpdesk, both), name, to=NOW, chunk=chunk, max_parallel=2, force=True)
            for name, chunk in (("left", "week"), ("right", "month"))
        ]
        for done in runs:
            done.result()
    assert stored(both) == stored(one)


def test_four_ways_give_the_same_rows(helpdesk: str, new_database: Any, _audit_template: str) -> None:
    days = 2
    end = START + timedelta(days=days)
    ends = [START + timedelta(hours=3) * number for number in range(1, days * 8 + 1)]
    by_sync, by_day, by_month, by_airflow = (new_database(_audit_template) for _ in range(4))
    for moment in ends:
        sync(new_pipeline(helpdesk, by_sync), moment)
    backfill(new_pipeline(helpdesk, by_day), to=end.isoformat(), chunk="day")
    backfill(new_pipeline(helpdesk, by_month), to=end.isoformat(), chunk="month")
    for moment in ends:
        sync(new_pipeline(helpdesk, by_airflow), moment, only_own=True)
    ways = [_until(dsn, end) for dsn in (by_sync, by_day, by_month, by_airflow)]
    assert len(ways[0]["contact_audit_log"]) > 10
    assert ways[1] == ways[0]
    assert ways[2] == ways[0]
    assert ways[3] == ways[0]


def _until(dsn: str, end: datetime) -> dict[str, list[dict[str, Any]]]:
    """The rows of windows up to `end`; the sync also takes what it finds of the next one."""
    tables = ("contact_audit_log", "entries_without_event", "rejected_rows")
    return {name: [row for row in rows if row["window_end"] <= end] for name, rows in stored(dsn, tables).items()}


PROGRAM = """
import sys
from tests.support.runs import backfill, new_pipeline
backfill(new_pipeline(sys.argv[1], sys.argv[2]), "killed", to=sys.argv[3], chunk="week")
"""


def test_a_backfill_killed_at_random_points_and_resumed_leaves_what_an_undisturbed_one_leaves(
    helpdesk: str, new_database: Any, _audit_template: str
) -> None:
    calm, killed = new_database(_audit_template), new_database(_audit_template)
    backfill(new_pipeline(helpdesk, calm), to=NOW)
    chance = random.Random(8)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "plugins"), str(ROOT)])}
    kills, code = 0, -signal.SIGKILL
    while code != 0:
        before = query(killed, "select count(*) as loads from audit.ledger")[0]["loads"]
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, helpdesk, killed, NOW], env=environment, cwd=ROOT)
        if kills < 3:
            # Once it is at work: a moment after its first chunk is in.
            while process.poll() is None:
                if query(killed, "select count(*) as loads from audit.ledger")[0]["loads"] > before:
                    break
                time.sleep(0.02)
            time.sleep(chance.uniform(0, 0.5))
            process.kill()
            kills += 1
        code = process.wait()
    assert kills == 3
    assert query(killed, "select count(distinct window_end) as windows from audit.ledger") == [{"windows": DAYS * 8}]
    assert stored(killed) == stored(calm)
