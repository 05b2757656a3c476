"""The undo plan: one task that writes what would take a choice of events back. For operators: contact_audit_undo.md."""

from pathlib import Path

from airflow.sdk import Param, dag, task

from contact_audit.runs import tasks

_ACTIONS = ["create", "update", "delete", "restore"]
_ATTRIBUTIONS = ["recorded", "matched", "inferred", "ambiguous", "unattributed", "unconfirmed"]


def _any_of(title, description, choices=None):
    """A list that may be empty: then all pass."""
    return Param(
        None,
        type=["null", "array"],
        items={"type": "string", "minLength": 1} | ({"enum": choices} if choices else {}),
        examples=choices or [],
        title=title,
        description=f"{description} Empty: all.",
    )


PARAMS = {
    "from": Param(
        "2019-10-01T00:00:00Z",
        type="string",
        format="date-time",
        title="From",
        description="The first moment, included.",
    ),
    "to": Param(
        None,
        type=["null", "string"],
        format="date-time",
        title="To",
        description="The last moment, not included. Empty: now.",
    ),
    "destination": Param(
        None,
        type=["null", "string"],
        title="Destination",
        description="A folder's URI: file:///srv/undo, s3://connection@bucket/folder. Empty: AIRFLOW_HOME/undo/<run>.",
    ),
    "contacts": _any_of("Contacts", "Contact ids, one a line."),
    "authors": _any_of("Authors", "Ids, names, or kind:id, as in agent:7, one a line."),
    "actions": _any_of("Actions", "What happened to the contact.", _ACTIONS),
    "fields": _any_of("Fields", "Changed fields, one a line: name, email, primary_phone, custom_fields.plan."),
    "channels": _any_of("Channels", "One a line, as in bulk_import."),
    "attributions": _any_of("Attributions", "How the author is known.", _ATTRIBUTIONS),
}


@dag(
    dag_id="contact_audit_undo",
    description="What would take a choice of events back: a plan, and files for the helpdesk's import",
    schedule=None,
    default_args=tasks.DEFAULTS,
    tags=["contact_audit", "audit"],
    params=PARAMS,
    doc_md=str(Path(__file__).with_suffix(".md")),
)
def contact_audit_undo():
    """Wire the task."""
    task(tasks.undo)()


contact_audit_undo()
