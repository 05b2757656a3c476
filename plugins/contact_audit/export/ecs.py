"""Events in the Elastic Common Schema 9.4.0, one JSON object a line.

The author is `user`, the contact `user.target`, new names and addresses `user.changes`; what the schema has no field for stands
below `contact_audit`. Fields: https://www.elastic.co/docs/reference/ecs/ecs-field-reference
"""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson
import pyarrow as pa

from contact_audit.export.events import Coverage
from contact_audit.export.lines import changes_of, lines, without_none

VERSION = "9.4.0"
TYPES = {"create": "creation", "update": "change", "delete": "deletion", "restore": "change"}
"""event.type, beside `user`. What is restored was there before: a change, no creation."""


def ecs(batches: Iterable[pa.Table], _: Coverage) -> Iterator[bytes]:
    """NDJSON, in the order of the batches."""
    return lines(batches, ecs_event)


def ecs_event(event: dict[str, Any]) -> dict[str, Any]:
    """One event of COLUMNS as an ECS document; what is unknown is left out.

    `@timestamp` is occurred_at; where the moment is not known, event.start and event.end are the span in which it happened.
    """
    changes = changes_of(event["changes"])
    new = {change["field"]: change["new"] for change in changes}
    known = event["occurred_after"] == event["occurred_at"]
    at = event["occurred_at"].isoformat()
    names = [name for name in (event["author_name"], event["contact_name"]) if name]
    return without_none(
        {
            "@timestamp": at,
            "ecs": {"version": VERSION},
            "message": event["activity"],
            "event": without_none(
                {
                    "id": event["event_id"],
                    "kind": "event",
                    "category": ["iam"],
                    "type": ["user", TYPES[event["action"]]],
                    "action": f"contact-{event['action']}",
                    "outcome": "success",
                    "provider": "contact_audit",
                    "dataset": "contact_audit.log",
                    "start": None if known else event["occurred_after"].isoformat(),
                    "end": None if known else at,
                    "created": event["loaded_at"].isoformat(),
                    "sequence": event["sequence"],
                }
            ),
            "organization": {"id": event["account_id"]},
            "source": {"ip": event["ip_address"], "address": event["ip_address"]} if event["ip_address"] else None,
            "user": without_none(
                {
                    "id": event["author_id"],
                    "full_name": event["author_name"],
                    "roles": [event["author_type"]],
                    "target": without_none({"id": event["contact_id"], "full_name": event["contact_name"]}),
                    "changes": without_none({"full_name": _text(new.get("name")), "email": _text(new.get("email"))})
                    or None,
                }
            ),
            "related": without_none(
                {
                    "ip": [event["ip_address"]] if event["ip_address"] else None,
                    "user": list(dict.fromkeys([*names, event["contact_id"]])),
                }
            ),
            "contact_audit": without_none(
                {
                    "action": event["action"],
                    "author_type": event["author_type"],
                    "channel": event["channel"],
                    "attribution": event["attribution"],
                    "fields": event["fields"],
                    # as text: an index takes a field for one type
                    "changes": [
                        without_none({"field": one["field"], "old": _text(one["old"]), "new": _text(one["new"])})
                        for one in changes
                    ],
                    "journal_entry_id": event["journal_entry_id"],
                    "candidates": event["candidates"],
                    "previous_snapshot_id": event["previous_snapshot_id"],
                    "snapshot_id": event["snapshot_id"],
                    "window_end": event["window_end"].isoformat(),
                    "rules_version": event["rules_version"],
                    "run_id": event["run_id"],
                    "merged_into": event["merged_into"],
                    "on_behalf_of": event["on_behalf_of"],
                }
            ),
        }
    )


def _text(value: Any) -> str | None:
    """A text as it is, anything else as JSON."""
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value).decode()
