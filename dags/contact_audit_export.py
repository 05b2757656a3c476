"""The export: one task that writes events to a file on object storage. For operators: contact_audit_export.md."""

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
    "format": Param(
        "csv",
        enum=["csv", "parquet", "ocsf", "ecs"],
        title="Format",
        description="csv: spreadsheets. parquet: analysts. ocsf, ecs: security teams, one JSON object a line.",
    ),
    "destination": Param(
        None,
        type=["null", "string"],
        title="Destination",
        description="A folder's URI: file:///srv/exports, s3://connection@bucket/folder. Empty: AIRFLOW_HOME/exports.",
    ),
    "contacts": _any_of("Contacts", "Contact ids, one a line."),
    "authors": _any_of("Authors", "Ids, names, or kind:id, as in agent:7, one a line."),
    "actions": _any_of("Actions", "What happened to the contact.", _ACTIONS),
    "fields": _any_of("Fields", "Changed fields, one a line: name, email, primary_phone, custom_fields.plan."),
    "channels": _any_of("Channels", "One a line, as in azure_ad_sync."),
    "attributions": _any_of("Attributions", "How the author is known.", _ATTRIBUTIONS),
}


@dag(
    dag_id="contact_audit_export",
    description="Events as a file on object storage: CSV, Parquet, OCSF or Elastic Common Schema",
    schedule=None,
    default_args=tasks.DEFAULTS,
    tags=["contact_audit", "audit"],
    params=PARAMS,
    doc_md=str(Path(__file__).with_suffix(".md")),
)
def contact_audit_export():
    """Wire the task."""
    task(tasks.export)()


contact_audit_export()
