"""The daily verification: one task that proves the audit log against its ledger. For operators: contact_audit_verify.md."""

from datetime import UTC, datetime
from pathlib import Path

from airflow.sdk import CronDataIntervalTimetable, Param, dag, task

from contact_audit.runs import tasks


def _moment(title, description):
    """A moment that may be left out."""
    return Param(None, type=["null", "string"], format="date-time", title=title, description=description)


@dag(
    dag_id="contact_audit_verify",
    description="Every day: has anybody touched the audit log?",
    schedule=CronDataIntervalTimetable("30 1 * * *", timezone="UTC"),
    start_date=datetime(2019, 10, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=tasks.DEFAULTS,
    tags=["contact_audit", "audit"],
    params={
        "from": _moment(
            "From", "Rows of windows after it, in whole months; the chain always whole. Empty: from the beginning."
        ),
        "to": _moment("To", "Rows of windows up to it, in whole months. Empty: to the end."),
        "deep": Param(
            False,
            type="boolean",
            title="Deep",
            description="Derive these windows anew from the helpdesk's evidence, too, and compare them with the log.",
        ),
    },
    doc_md=str(Path(__file__).with_suffix(".md")),
)
def contact_audit_verify():
    """Wire the task."""
    task(tasks.verify)()


contact_audit_verify()
