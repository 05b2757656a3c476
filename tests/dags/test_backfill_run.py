"""The DAG contact_audit_backfill, run by Airflow in this process."""

from tests.support.dag_runs import Project
from tests.support.runs import loaded_windows, query, stored

BACKFILL = "contact_audit_backfill"
DAYS = {"from": "2019-10-01T00:00:00Z", "to": "2019-10-04T01:00:00Z", "chunk": "day"}


def test_each_chunk_is_a_task_named_for_its_time_and_a_second_run_skips_it(project: Project) -> None:
    conf = DAYS | {"decisions": {"4711": "ignore: export died half-way"}}
    run = project.run(BACKFILL, run_conf=conf)
    assert run.state == "success", run.text
    done = dict.fromkeys(("plan", "2019-10-01", "2019-10-02", "2019-10-03", "summary"), ("success", 1))
    assert run.tasks == done | {"watch": ("skipped", 1)}
    assert "to=2019-10-04T01:00:00Z is not on a window border; taking 2019-10-04T00:00:00+00:00" in run.text
    for line in ("Windows   24 loaded", "Events    69: ", "Rejected  0 rows", "Chunks    3 done", "Rate      "):
        assert line in run.text
    assert (len(loaded_windows(project.audit)), len(stored(project.audit)["contact_audit_log"])) == (24, 69)
    (decision,) = query(project.audit, "select * from audit.capture_decisions")
    assert (decision["snapshot_id"], decision["decision"], decision["decided_by"]) == (4711, "ignore", "dag_test")
    (extra,) = project.asset_events(run.run_id)
    assert (extra["windows"], extra["events"]) == (24, 69)

    before = stored(project.audit)
    again = project.run(BACKFILL, run_conf=DAYS)
    assert again.state == "success"
    assert "2019-10-02: skipped, its 8 windows are loaded" in again.text
    assert "Chunks    0 done, 3 loaded already and skipped" in again.text
    assert project.asset_events(again.run_id) == []
    assert stored(project.audit) == before


def test_a_bad_chunk_does_not_stop_the_others_and_the_next_run_does_only_it(project: Project) -> None:
    query(
        project.audit,
        """
        create function public.bad_day() returns trigger language plpgsql as $$
        begin raise exception 'this day is bad'; end $$;
        create trigger bad_day before insert on audit.contact_audit_log for each row execute function public.bad_day();
        """,
    )
    run = project.run(BACKFILL, run_conf=DAYS)
    assert run.state == "failed"
    assert run.tasks["2019-10-01"] == ("failed", 1)
    assert run.tasks["2019-10-02"] == run.tasks["2019-10-03"] == ("success", 1)
    assert run.tasks["summary"] == ("failed", 1)
    assert "ContactAuditError: 1 of 3 chunks failed: 2019-10-01 (AuditDatabaseError: " in run.text
    assert "this day is bad" in run.text.split("1 of 3 chunks failed")[1]
    assert project.asset_events(run.run_id) == []

    query(project.audit, "drop trigger bad_day on audit.contact_audit_log")
    again = project.run(BACKFILL, run_conf=DAYS)
    assert again.state == "success"
    assert "Chunks    1 done, 2 loaded already and skipped, 0 failed" in again.text
    assert len(stored(project.audit)["contact_audit_log"]) == 69


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(project: Project) -> None:
    run = project.run(BACKFILL, run_conf=DAYS | {"dry_run": True, "chunk": "auto"})
    assert run.state == "success", run.text
    assert "Dry run: nothing was written. It would have been:" in run.text
    assert "Events    69: " in run.text
    assert (loaded_windows(project.audit), project.asset_events(run.run_id)) == ([], [])


def test_a_time_before_the_history_is_refused_with_the_valid_range(project: Project) -> None:
    run = project.run(BACKFILL, run_conf={"from": "2018-01-01T00:00:00Z"})
    assert run.state == "failed"
    assert run.tasks["plan"] == ("failed", 1)
    assert run.tasks["summary"] == ("upstream_failed", 0)
    assert (
        "SettingsError: from=2018-01-01T00:00:00+00:00 lies before the history; valid: 2019-10-01T00:00:00+00:00 to"
        in run.text
    )
