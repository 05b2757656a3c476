"""Healing where a capture has a row of a contact that cannot be used: what changes before it is told where the contact is known again."""

from collections.abc import Callable

import pytest

from contact_audit.runs.pipeline import Pipeline
from tests.support.compact import expected, logged, moment, world_of
from tests.support.runs import backfill, new_pipeline, query, stored, sync
from tests.support.worlds import write_world

TABLES = ("contact_audit_log", "entries_without_event", "rejected_rows")
NIGHT = """
    00:00 capture#1 plan=a
    03:00 changed#3 bad
    06:00 changed#4
    07:00 update #1 ann plan:b>c
    09:00 changed#5 plan=c
    12:00 changed#6
"""
TOLD = """
    09:00/1 [1-5] update 00:00..07:00 ? unattributed -: plan a>b
    09:00/2 [1-5] update 07:00 ann unconfirmed #1: plan b>c
"""


@pytest.fixture
def night(helpdesk_dsn: str, audit_dsn: str) -> Pipeline:
    """The log of the night, window by window; afterwards something turns up."""
    write_world(helpdesk_dsn, world_of(NIGHT))
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0, capture_check_hours=24)
    for clock in ("03:00", "06:00", "09:00"):
        sync(pipeline, moment(clock))
    assert logged(audit_dsn) == expected(TOLD)
    return pipeline


@pytest.mark.parametrize(
    ("turns_up", "told"),
    [
        pytest.param(
            "01:00~10:00 update #2 bo plan:a>b",
            """
            09:00/1 [1-5] update 01:00 bo recorded #2: plan a>b
            09:00/2 [1-5] update 07:00 ann recorded #1: plan b>c
            """,
            id="an entry",
        ),
        pytest.param(
            "02:00 capture#2 plan=b",
            """
            03:00/1 [1-2] update 00:00..02:00 ? unattributed -: plan a>b
            09:00/1 [2-5] update 07:00 ann recorded #1: plan b>c
            """,
            id="a capture",
        ),
        pytest.param(
            'update helpdesk.contact_snapshots set custom_fields = \'{"plan": "b"}\' where snapshot_id = 3',
            """
            03:00/1 [1-3] update 00:00..03:00 ? unattributed -: plan a>b
            09:00/1 [4-5] update 07:00 ann recorded #1: plan b>c
            """,
            id="a row put right",
        ),
    ],
)
def test_what_turns_up_before_an_unusable_row_is_told_where_the_contact_is_known_again(
    turns_up: str, told: str, night: Pipeline, helpdesk_dsn: str, new_database: Callable[..., str], _audit_template: str
) -> None:
    if turns_up.startswith("update"):
        query(helpdesk_dsn, turns_up)
    else:
        write_world(helpdesk_dsn, world_of(turns_up))
    sync(night, moment("12:00"))
    assert logged(night.audit_dsn) == expected(told)
    bulk = new_pipeline(helpdesk_dsn, new_database(_audit_template), brake_share=1.0)
    backfill(bulk, from_=moment("00:00").isoformat(), to=moment("12:00").isoformat())
    assert stored(bulk.audit_dsn, TABLES) == stored(night.audit_dsn, TABLES)


def test_entries_of_a_contact_that_is_not_known_wait_and_are_counted(helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(helpdesk_dsn, world_of("00:00 capture#1 plan=a\n01:00 update #1 ann plan:a>b\n03:00 capture#2 bad"))
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn)
    sync(pipeline, moment("03:00"))
    assert query(audit_dsn, "select waiting_entries, waiting_since from audit.sync_status") == [
        {"waiting_entries": 1, "waiting_since": moment("01:00")}
    ]
    write_world(helpdesk_dsn, world_of("06:00 capture#3 plan=b"))
    sync(pipeline, moment("06:00"))
    assert logged(audit_dsn) == expected("06:00/1 [1-3] update 01:00 ann recorded #1: plan a>b")
    assert query(audit_dsn, "select waiting_entries from audit.sync_status") == [{"waiting_entries": 0}]
