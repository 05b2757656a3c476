"""What the live tests ask of a log."""

from datetime import UTC, datetime
from typing import Any

from contact_audit.runs.pipeline import Pipeline
from contact_audit.windows import floor_border
from tests.support.runs import query


def last_border() -> datetime:
    """The end of the last whole window: what a manual run is for."""
    return floor_border(datetime.now(UTC))


def events(pipeline: Pipeline) -> list[dict[str, Any]]:
    """The events in the log's order."""
    return query(
        pipeline.audit_dsn,
        "select contact_id::int, action, attribution, author_type, author_id, changes from audit.contact_audit_log "
        "order by window_end, contact_id::int, sequence",
    )
