"""Worlds as extracts, without a database: what a source would deliver for a whole world or for some of its windows."""

import random
from datetime import datetime, timedelta
from typing import Any

import orjson
import pandas as pd
import pyarrow as pa

from contact_audit import model
from contact_audit.attribution.attribute import Derived, attribute
from contact_audit.evidence.states import Evidence, Extract, read
from contact_audit.windows import Span, window_of

SKEW = timedelta(seconds=120)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def extract_of(world: dict[str, Any], span: Span | None = None) -> Extract:
    """The extract of the whole world; its span is from before the first moment to the newest capture unless given."""
    captures = sorted(world["snapshots"], key=lambda row: row["captured_at"])
    moments = [datetime.fromisoformat(row["captured_at"]) for row in captures]
    if span is None:
        first = min([*moments, *(_moment(row["occurred_at"]) for row in world["contact_journal"])])
        # An entry that rule 9 puts before the only capture may have a moment, and so a window, after it.
        span = Span(window_of(first).start, window_of(max(moments) + SKEW).end)
    rows: dict[int, dict[int, dict[str, Any]]] = {row["snapshot_id"]: {} for row in captures}
    for row in world["contact_snapshots"]:
        rows[row["snapshot_id"]][row["contact_id"]] = row
    states: list[dict[str, Any]] = []
    known: set[int] = set()
    for number, capture in enumerate(captures):
        here = rows[capture["snapshot_id"]]
        for row in here.values():
            state = {name: row.get(name) for name in model.STATES.names}
            state["custom_fields"] = orjson.dumps(row["custom_fields"]).decode()
            state["created_at"] = _moment(row["created_at"])
            state["present"] = not row.get("deleted", False)
            states.append(state)
        if capture["kind"] == "full" or number == 0:
            for contact in known - here.keys():
                states.append({"contact_id": contact, "snapshot_id": capture["snapshot_id"], "present": False})
        known |= here.keys()
    journal = [
        {
            **{name: row.get(name) for name in model.JOURNAL.names},
            "occurred_at": _moment(row["occurred_at"]),
            "recorded_at": _moment(row["recorded_at"]),
            "changes": None if row["changes"] is None else orjson.dumps(row["changes"]).decode(),
        }
        for row in world["contact_journal"]
    ]
    frame = pa.Table.from_pylist(
        [{**row, "captured_at": moment} for row, moment in zip(captures, moments, strict=True)], schema=model.CAPTURES
    ).to_pandas()
    return Extract(
        span=span,
        captures=frame,
        from_the_first=True,
        states=pa.Table.from_pylist(states, schema=model.STATES),
        journal=pa.Table.from_pylist(journal, schema=model.JOURNAL),
    )


def as_records(derived: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Events and entries without one as the worlds list them."""
    events = derived.events.drop(columns=["event_id", "window_start"]).astype(object)
    events = events.where(events.notna(), None).to_dict("records")
    for event in events:
        for name in ("account_id", "contact_id"):
            event[name] = str(event[name])
        for name in ("occurred_at", "occurred_after", "window_end"):
            event[name] = pd.Timestamp(event[name]).isoformat()
        event["changes"] = orjson.loads(event["changes"])
        event["candidates"] = None if event["candidates"] is None else orjson.loads(event["candidates"])
        for name in model.MAYBE:  # no world of ours tells them
            if event[name] is None:
                del event[name]
    without = derived.entries_without_event[["entry_id", "reason"]].to_dict("records")
    return events, without


def attributed(extract: Extract, skew: timedelta = SKEW) -> tuple[Evidence, Derived]:
    """The extract read, and what it comes to."""
    evidence = read(extract)
    return evidence, attribute(evidence, skew)


def in_order(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Event records by contact, then as the log orders them."""
    return sorted(events, key=lambda event: (event["contact_id"], event["window_end"], event["sequence"]))


def shuffled(extract: Extract, rng: random.Random) -> Extract:
    """The same rows in another order."""
    states, journal = (
        table.take(pa.array(rng.sample(range(table.num_rows), table.num_rows), pa.int64()))
        for table in (extract.states, extract.journal)
    )
    return Extract(extract.span, extract.captures, extract.from_the_first, states, journal)
