"""PostgreSQL's infinite moments: one such row stops no run, and takes nothing from the others."""

import pytest

from contact_audit.runs.pipeline import Pipeline
from tests.support.compact import expected, logged, moment, world_of
from tests.support.runs import backfill, new_pipeline, query, sync
from tests.support.worlds import write_world

STORY = """
    00:00 capture#1 plan=a
    01:00 update #1 ann plan:a>b
    03:00 capture#2 plan=b
    04:00 update #2 ann plan:b>c
    06:00 capture#3 plan=c
"""
EVENTS = """
    03:00/1 [1-2] update 01:00 ann recorded #1: plan a>b
    06:00/1 [2-3] update 04:00 ann recorded #2: plan b>c
"""


@pytest.fixture
def pipeline(helpdesk_dsn: str, audit_dsn: str) -> Pipeline:
    return new_pipeline(helpdesk_dsn, audit_dsn)


@pytest.mark.parametrize(
    "change",
    [
        "update helpdesk.contact_journal set recorded_at = 'infinity' where entry_id = 1",
        "update helpdesk.contact_snapshots set created_at = 'infinity'",
        "update helpdesk.contact_snapshots set created_at = '-infinity'",
        "insert into helpdesk.snapshots values (9, 'infinity', 'full')",
        "insert into helpdesk.snapshots values (9, '-infinity', 'full')",
    ],
)
def test_an_infinite_moment_stops_no_run(change: str, pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(helpdesk_dsn, world_of(STORY))
    query(helpdesk_dsn, change)
    backfill(pipeline, from_=moment("00:00").isoformat(), to=moment("06:00").isoformat())
    assert logged(audit_dsn) == expected(EVENTS)
    sync(pipeline, moment("09:00"))
    sync(pipeline, moment("12:00"))
    assert logged(audit_dsn) == expected(EVENTS)
