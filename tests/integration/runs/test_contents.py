"""Captures whose rows change after their windows were loaded: more or other rows are due again, rows that are gone are told."""

import pytest

from contact_audit.runs.outcome import Report
from contact_audit.runs.pipeline import Pipeline
from tests.support.compact import moment
from tests.support.runs import backfill, new_pipeline, query, sync


@pytest.fixture
def pipeline(helpdesk_dsn: str, audit_dsn: str) -> Pipeline:
    return new_pipeline(helpdesk_dsn, audit_dsn)


def run(pipeline: Pipeline, clock: str) -> tuple[list[str], Report]:
    """The sync of the window that ends at a time: the windows that it took, and its report."""
    plan, report = sync(pipeline, moment(clock), clock)
    return [f"{start[11:16]}-{end[11:16]}" for start, end in plan["spans"]], report


@pytest.fixture
def captured_by_halves(pipeline: Pipeline, helpdesk_dsn: str) -> Pipeline:
    """Three full captures of ten contacts; of the second, two rows become visible in a later commit."""
    query(
        helpdesk_dsn,
        """
        insert into helpdesk.snapshots values
            (1, '2024-03-01 00:00+00', 'full'), (2, '2024-03-01 03:00+00', 'full');
        insert into helpdesk.contact_snapshots
        select s.snapshot_id, c.id, 1, 'n' || c.id, null, null, '{}', '2020-01-01', false
        from helpdesk.snapshots as s cross join generate_series(1, 10) as c (id)
        where s.snapshot_id = 1 or c.id <= 8
        """,
    )
    return pipeline


SECOND_HALF = """
    insert into helpdesk.contact_snapshots
    select 2, c.id, 1, 'n' || c.id, null, null, '{}', '2020-01-01', false from generate_series(9, 10) as c (id)
"""


def test_a_capture_in_two_commits_leaves_no_false_delete(
    captured_by_halves: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    assert run(captured_by_halves, "03:00")[1].by_action == {"delete": 2}
    query(helpdesk_dsn, SECOND_HALF)
    windows, report = run(captured_by_halves, "06:00")
    assert windows in (["00:00-03:00", "03:00-06:00"], ["00:00-06:00"])
    assert report.superseded == 2
    assert query(audit_dsn, "select * from audit.contact_audit_log") == []
    assert query(audit_dsn, "select count(*) as n from audit.contacts where not deleted") == [{"n": 10}]
    assert run(captured_by_halves, "06:00")[0] == []


def test_other_rows_in_a_young_capture_make_it_due(
    captured_by_halves: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    query(helpdesk_dsn, SECOND_HALF)
    assert run(captured_by_halves, "03:00")[1].events == 0
    query(helpdesk_dsn, "update helpdesk.contact_snapshots set name = 'new' where snapshot_id = 2 and contact_id = 1")
    assert run(captured_by_halves, "06:00")[1].by_action == {"update": 1}
    assert query(audit_dsn, "select name from audit.contacts where contact_id = '1'") == [{"name": "new"}]


def test_rows_that_are_gone_are_told_and_what_was_loaded_is_kept(
    captured_by_halves: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    query(helpdesk_dsn, SECOND_HALF)
    run(captured_by_halves, "03:00")
    query(helpdesk_dsn, "delete from helpdesk.contact_snapshots where snapshot_id = 2 and contact_id = 1")
    windows, report = run(captured_by_halves, "06:00")
    assert "00:00-03:00" not in windows
    assert any(note.startswith("capture 2: 1 of its rows are gone") for note in report.notes)
    whole = {"from_": moment("00:00").isoformat(), "to": moment("06:00").isoformat()}
    assert "2024-03-01T03:00:00+00:00" in backfill(captured_by_halves, "anew", force=True, **whole).evidence_lost
    assert query(audit_dsn, "select * from audit.contact_audit_log") == []


def test_a_capture_that_is_written_anew_in_two_commits_was_never_whole(
    captured_by_halves: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    assert run(captured_by_halves, "03:00")[1].by_action == {"delete": 2}
    query(helpdesk_dsn, "create table helpdesk.aside as select * from helpdesk.contact_snapshots where snapshot_id = 2")
    query(helpdesk_dsn, "delete from helpdesk.contact_snapshots where snapshot_id = 2")
    _, report = run(captured_by_halves, "06:00")
    assert any(note.startswith("capture 2: 8 of its rows are gone") for note in report.notes)
    assert report.superseded == 0
    query(helpdesk_dsn, SECOND_HALF + "; insert into helpdesk.contact_snapshots select * from helpdesk.aside")
    assert run(captured_by_halves, "09:00")[1].superseded == 2
    assert query(audit_dsn, "select * from audit.contact_audit_log") == []
    assert query(audit_dsn, "select count(*) as n from audit.contacts where not deleted") == [{"n": 10}]
    assert query(audit_dsn, "select max(gone) as n from audit.capture_contents") == [{"n": 0}]


def test_rows_that_are_back_are_evidence_again(captured_by_halves: Pipeline, helpdesk_dsn: str, audit_dsn: str) -> None:
    query(helpdesk_dsn, SECOND_HALF)
    run(captured_by_halves, "03:00")
    query(helpdesk_dsn, "create table helpdesk.aside as select * from helpdesk.contact_snapshots where contact_id = 1")
    query(helpdesk_dsn, "delete from helpdesk.contact_snapshots where snapshot_id = 2 and contact_id = 1")
    run(captured_by_halves, "06:00")
    query(helpdesk_dsn, "insert into helpdesk.contact_snapshots select * from helpdesk.aside where snapshot_id = 2")
    _, report = run(captured_by_halves, "06:00")
    assert not any("gone" in note for note in report.notes)
    whole = {"from_": moment("00:00").isoformat(), "to": moment("06:00").isoformat()}
    assert backfill(captured_by_halves, "anew", force=True, **whole).evidence_lost == {}
    assert query(audit_dsn, "select * from audit.contact_audit_log") == []
