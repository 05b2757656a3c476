"""The DAG contact_audit_verify, run by Airflow in this process."""

from contextlib import closing

import psycopg2

from tests.support.dag_runs import Project
from tests.support.runs import backfill, new_pipeline, query

VERIFY = "contact_audit_verify"
DAYS = {"from_": "2019-10-01T00:00:00Z", "to": "2019-10-03T00:00:00Z"}


def test_an_untouched_log_passes_and_a_changed_author_fails_the_run_by_name(project: Project) -> None:
    backfill(new_pipeline(project.helpdesk, project.audit), **DAYS)
    run = project.run(VERIFY, run_conf={})
    assert run.state == "success", run.text
    assert query(project.audit, "select findings from audit.verifications") == [{"findings": 0}]
    (event,) = query(
        project.audit,
        "select event_id, contact_id, window_end from audit.contact_audit_log where author_name is not null order by 1 limit 1",
    )
    with closing(psycopg2.connect(project.audit)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute(
            "update audit.contact_audit_log set author_name = 'Mallory' where event_id = %s", (str(event["event_id"]),)
        )
    run = project.run(VERIFY, run_conf={})
    assert run.state == "failed"
    named = (str(event["event_id"]), f"contact {event['contact_id']}", event["window_end"].isoformat()[:19])
    assert all(one in run.text for one in (*named, "TouchedError", "somebody has touched the audit log"))


def test_a_range_that_is_none_is_refused(project: Project) -> None:
    run = project.run(VERIFY, run_conf={"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"})
    assert run.state == "failed"
    assert "is not before to=" in run.text
