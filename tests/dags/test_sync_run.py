"""The DAG contact_audit_sync, run by Airflow in this process."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.support.dag_runs import Project, connection
from tests.support.runs import loaded_windows, query, stored

SYNC = "contact_audit_sync"
END = datetime(2019, 10, 2, tzinfo=UTC)
STEPS = ("find_due", "extract", "diff", "load", "report")
UNWATCHED = {"watch": ("skipped", 1)}


def _backfill_to(project: Project, end: str) -> None:
    conf = {"from": "2019-10-01T00:00:00Z", "to": end}
    assert project.run("contact_audit_backfill", run_conf=conf).state == "success"


def test_a_run_loads_what_is_due_and_the_next_finds_nothing(project: Project) -> None:
    _backfill_to(project, "2019-10-01T15:00:00Z")
    run = project.run(SYNC, logical_date=END)
    assert run.state == "success", run.text
    assert run.tasks == dict.fromkeys(STEPS, ("success", 1)) | UNWATCHED
    assert "3 windows due up to 2019-10-02 00:00 UTC (2 gap, 1 own)" in run.text
    assert "Windows   3 loaded" in run.text
    assert loaded_windows(project.audit)[-1] == END
    assert len(stored(project.audit)["contact_audit_log"]) == 69
    written = query(
        project.audit, "select count(*) as events from audit.contact_audit_log where run_id = %s", [run.run_id]
    )
    (extra,) = project.asset_events(run.run_id)
    assert (extra["windows"], extra["events"], extra["run_id"]) == (3, written[0]["events"], run.run_id)
    assert sum(extra["by_action"].values()) == sum(extra["by_attribution"].values()) == extra["events"]
    assert list(project.staging.iterdir()) == []

    before = stored(project.audit)
    again = project.run(SYNC, logical_date=END)
    assert again.state == "success"
    assert [again.tasks[step][0] for step in STEPS] == ["success", "skipped", "skipped", "skipped", "success"]
    assert again.text.count("nothing due: everything up to 2019-10-02 00:00 UTC is loaded") == 2
    assert project.asset_events(again.run_id) == []
    assert stored(project.audit) == before


def test_a_run_that_loses_its_database_is_tried_again(project: Project) -> None:
    query(
        project.audit,
        """
        create sequence public.tries;
        create function public.lose_the_first() returns trigger language plpgsql as $$
        begin
            if nextval('public.tries') = 1 then perform pg_terminate_backend(pg_backend_pid()); end if;
            return new;
        end $$;
        create trigger lose_the_first before update on audit.state
        for each row when (new.last_run_id is not null) execute function public.lose_the_first();
        """,
    )
    run = project.run(SYNC, logical_date=END)
    assert run.state == "success", run.text
    assert run.tasks == dict.fromkeys(STEPS, ("success", 1)) | {"report": ("success", 2)} | UNWATCHED
    assert "ConnectionLostError: lost the audit database" in run.text
    assert list(project.staging.iterdir()) == []


def test_what_a_dead_run_left_is_private_and_swept_by_the_next_one(project: Project) -> None:
    query(project.audit, "alter table audit.field_labels rename to elsewhere")
    run = project.run(SYNC, logical_date=END)
    assert run.tasks["load"] == ("failed", 1)
    assert "the audit database is not migrated to this version. Run: make migrate" in run.text
    assert stored(project.audit)["contact_audit_log"] == []
    (left,) = project.staging.iterdir()
    assert left.stat().st_mode & 0o777 == 0o700

    query(project.audit, "alter table audit.elsewhere rename to field_labels")
    run = project.run(SYNC, logical_date=END)
    assert run.state == "success", run.text
    assert "removed what a dead run had left" in run.text
    assert list(project.staging.iterdir()) == []


@pytest.fixture(params=["not_migrated", "no_table", "no_such_user", "unreachable", "undefined", "unknown_setting"])
def broken(
    request: pytest.FixtureRequest, project: Project, new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> str:
    """Something is wrong; what the message must say."""
    match request.param:
        case "not_migrated":
            monkeypatch.setenv("AIRFLOW_CONN_CONTACT_AUDIT", connection(new_database()))
            return "is at revision none, this version needs"
        case "no_table":
            query(project.helpdesk, "drop table helpdesk.contact_journal")
            return "SourceError: "
        case "no_such_user":
            monkeypatch.setenv("AIRFLOW_CONN_HELPDESK", connection(project.helpdesk, login="eve"))
            return 'role "eve" does not exist'
        case "unreachable":
            monkeypatch.setenv("AIRFLOW_CONN_HELPDESK", "postgres://reader:secret@127.0.0.1:1/helpdesk")
            return "SourceError: cannot connect to the helpdesk database 127.0.0.1:1/helpdesk"
        case "undefined":
            monkeypatch.delenv("AIRFLOW_CONN_HELPDESK")
            return "SourceError: Airflow has no connection helpdesk."
        case _:
            monkeypatch.setenv("CONTACT_AUDIT_SKEW", "5")
            return "SettingsError: CONTACT_AUDIT_SKEW is not a setting"


def test_what_a_retry_cannot_mend_fails_at_once_with_one_message(project: Project, broken: str) -> None:
    run = project.run(SYNC, logical_date=END)
    assert run.state == "failed"
    assert run.tasks["find_due"] == ("failed", 1)
    assert broken in run.text
    assert "secret" not in run.text
    assert "The above exception was" not in run.text  # no chain of causes
    assert loaded_windows(project.audit) == []
