"""Events in the Open Cybersecurity Schema Framework 1.6.0: class 3004, Entity Management, one JSON object a line.

The contact is the managed entity (of type Other, "Contact"): its values before and after the change are the data of `entity` and
`entity_result`. Schema: https://schema.ocsf.io/1.6.0/classes/entity_management
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from contact_audit.export.events import Coverage
from contact_audit.export.lines import changes_of, lines, without_none

VERSION = "1.6.0"
CLASS_UID = 3004
_OTHER = 99
ACTIVITIES = {"create": (1, "Create"), "update": (3, "Update"), "delete": (4, "Delete"), "restore": (_OTHER, "Restore")}
"""activity_id and activity_name. The class has no activity for what was deleted and is back: that is Other, by its own name."""
_USER_TYPES = {"contact": (1, "User"), "agent": (1, "User"), "admin": (2, "Admin"), "system": (3, "System")}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PRODUCT = {"name": "Contact Audit", "vendor_name": "Contact Audit"}


def ocsf(batches: Iterable[pa.Table], _: Coverage) -> Iterator[bytes]:
    """NDJSON, in the order of the batches."""
    return lines(batches, ocsf_event)


def ocsf_event(event: dict[str, Any]) -> dict[str, Any]:
    """One event of COLUMNS as an object of class 3004; what is unknown is left out, what has no attribute stands in `unmapped`.

    `time` is occurred_at; where the moment is not known, start_time and end_time are the span in which it happened.
    """
    activity_id, activity = ACTIVITIES[event["action"]]
    changes = changes_of(event["changes"])
    at = _milliseconds(event["occurred_at"])
    known = event["occurred_after"] == event["occurred_at"]
    entity = without_none(
        {"uid": event["contact_id"], "name": event["contact_name"], "type": "Contact", "type_id": _OTHER}
    )
    return without_none(
        {
            "activity_id": activity_id,
            "activity_name": activity,
            "category_uid": 3,
            "category_name": "Identity & Access Management",
            "class_uid": CLASS_UID,
            "class_name": "Entity Management",
            "type_uid": CLASS_UID * 100 + activity_id,
            "type_name": f"Entity Management: {'Other' if activity_id == _OTHER else activity}",
            "time": at,
            "start_time": None if known else _milliseconds(event["occurred_after"]),
            "end_time": None if known else at,
            "severity_id": 1,
            "severity": "Informational",
            "status_id": 1,
            "status": "Success",
            "message": event["activity"],
            "metadata": {
                "version": VERSION,
                "product": _PRODUCT,
                "uid": event["event_id"],
                "log_name": "contact_audit_log",
                "original_time": event["occurred_at"].isoformat(),
                "logged_time": _milliseconds(event["loaded_at"]),
                "tenant_uid": event["account_id"],
            },
            "actor": _actor(event),
            "src_endpoint": {"ip": event["ip_address"]} if event["ip_address"] else None,
            "entity": entity | {"data": {change["field"]: change["old"] for change in changes}},
            "entity_result": entity | {"data": {change["field"]: change["new"] for change in changes}},
            "unmapped": without_none(
                {
                    "attribution": event["attribution"],
                    "author_type": event["author_type"],
                    "channel": event["channel"],
                    "changes": changes,
                    "journal_entry_id": event["journal_entry_id"],
                    "candidates": event["candidates"],
                    "previous_snapshot_id": event["previous_snapshot_id"],
                    "snapshot_id": event["snapshot_id"],
                    "window_end": event["window_end"].isoformat(),
                    "sequence": event["sequence"],
                    "rules_version": event["rules_version"],
                    "run_id": event["run_id"],
                    "merged_into": event["merged_into"],
                    "on_behalf_of": event["on_behalf_of"],
                }
            ),
        }
    )


def _actor(event: dict[str, Any]) -> dict[str, Any] | None:
    """An integration is an application, others are users; None where there is neither id nor name."""
    uid, name = event["author_id"], event["author_name"]
    if uid is None and name is None:
        return None
    if event["author_type"] == "integration":
        return without_none({"app_uid": uid, "app_name": name})
    type_id, kind = _USER_TYPES.get(event["author_type"], (0, "Unknown"))
    return {"user": without_none({"uid": uid, "name": name, "type_id": type_id, "type": kind})}


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)
