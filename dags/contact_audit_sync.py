"""The three-hourly sync: due windows → extract → diff → load → report, watch. For operators: contact_audit_sync.md."""

from datetime import UTC, datetime
from pathlib import Path

from airflow.sdk import CronDataIntervalTimetable, dag, task

from contact_audit.runs import tasks


@dag(
    dag_id="contact_audit_sync",
    description="Every three hours: who changed which contact, from what to what",
    schedule=CronDataIntervalTimetable("0 */3 * * *", timezone="UTC"),
    start_date=datetime(2019, 10, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=tasks.DEFAULTS,
    tags=["contact_audit", "audit"],
    doc_md=str(Path(__file__).with_suffix(".md")),
)
def contact_audit_sync():
    """Wire the tasks."""
    due = task.branch(tasks.find_due)()
    extracted = task(pool=tasks.POOL)(tasks.extract)(due["plan"])
    derived = task(tasks.diff)(extracted)
    loaded = task(outlets=[tasks.AUDIT_LOG])(tasks.load)(due["plan"], derived)
    # none_failed: also where nothing was due and all between is skipped
    loaded >> task(trigger_rule="none_failed")(tasks.report)(due["plan"])
    loaded >> task(trigger_rule="none_failed")(tasks.watch)()


contact_audit_sync()
