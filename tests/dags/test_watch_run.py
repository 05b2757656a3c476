"""Watches as the DAGs run them: after a load, on its own, and never in its way."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.dag_runs import Project
from tests.support.runs import loaded_windows, query

SYNC, BACKFILL = "contact_audit_sync", "contact_audit_backfill"
END = datetime(2019, 10, 1, 12, tzinfo=UTC)
WATCH = "watches: [{name: anything, when: {action: [create, update, delete, restore]}}]\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The watch file that CONTACT_AUDIT_WATCHES names."""
    path = tmp_path / "watches.yaml"
    monkeypatch.setenv("CONTACT_AUDIT_WATCHES", str(path))
    return path


def test_what_a_sync_and_a_backfill_load_is_told_once(project: Project, file: Path) -> None:
    file.write_text(WATCH)
    query(project.audit, "insert into audit.watching (position, since_position) values (0, 0)")
    run = project.run(SYNC, logical_date=END)
    assert (run.state, run.tasks["watch"]) == ("success", ("success", 1))
    (first,) = query(project.audit, "select count(*) as events from audit.contact_audit_log")
    assert f"Contact Audit, anything: {first['events']} alerts" in run.text
    run = project.run(BACKFILL, run_conf={"from": "2019-10-01T00:00:00Z", "to": "2019-10-02T00:00:00Z"})
    assert run.tasks["watch"] == ("success", 1)
    told = query(
        project.audit, "select watch, run_id, delivered_at is not null as delivered, contact_id from audit.alerts"
    )
    assert len(told) == 69
    assert all(row["delivered"] for row in told)
    assert {row["run_id"] for row in told} >= {run.run_id}


def test_a_watch_file_that_is_wrong_fails_the_watching_alone_and_nothing_is_missed(
    project: Project, file: Path
) -> None:
    file.write_text("watches: [{name: emails, when: {feild: email}}]")
    query(project.audit, "insert into audit.watching (position, since_position) values (0, 0)")
    run = project.run(SYNC, logical_date=END)
    assert (run.state, run.tasks["watch"][0], run.tasks["report"]) == ("failed", "failed", ("success", 1))
    assert f"{file}, watch 'emails', feild: is no key of when" in run.text
    assert loaded_windows(project.audit) == [END, END + timedelta(hours=3)]
    file.write_text(WATCH + "notify: [log, apprise]")
    run = project.run(SYNC, logical_date=END)
    # and a destination that nobody has set up is no failure of a run
    assert (run.state, run.tasks["watch"], run.tasks["load"][0]) == ("success", ("success", 1), "skipped")
    assert "not delivered, the next run tries again: apprise:apprise_default:all" in run.text
    counted = query(project.audit, "select count(*) as alerts, count(delivered_at) as delivered from audit.alerts")
    events = query(project.audit, "select count(*) as events from audit.contact_audit_log")
    assert (counted[0]["alerts"], counted[0]["delivered"]) == (events[0]["events"], 0)
