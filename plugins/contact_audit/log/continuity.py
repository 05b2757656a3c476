"""The conservation law over the whole log: each contact's events join, value by value, and lead to what audit.contacts shows.

Contacts go through in pieces of so many events, so that memory stays bounded; the database joins them and gives only what does not.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from psycopg2.extensions import connection as Connection

from contact_audit.evidence.values import Values, parse
from contact_audit.log.findings import Finding, rows
from contact_audit.windows import window_of

_EVENTS_AT_ONCE = 200_000
_HIDDEN = r'^\{"(?:erased|masked|hashed|hash|dropped)": ?(?:"[^"]*"|\d+|true|null)\}$'


def findings(connection: Connection, events_at_once: int = _EVENTS_AT_ONCE) -> Iterator[Finding]:
    """Where the law does not hold: the contact, its event, and the field. A value that is erased or masked is not compared."""
    breaks = pd.DatetimeIndex([row["at"] for row in rows(connection, "breaks")], tz="UTC")
    (shown,) = rows(connection, "shown")
    for chunk in rows(connection, "chunks", events=events_at_once):
        steps = rows(connection, "steps", after=chunk["after"], until=chunk["until"])
        if steps:
            yield from _wrong(pd.DataFrame(steps), breaks, shown)


def _wrong(steps: pd.DataFrame, breaks: pd.DatetimeIndex, shown: dict[str, Any]) -> Iterator[Finding]:
    """Those of the rows of steps.sql that neither the comparison of values nor a break in what was loaded accounts for."""
    ends = pd.to_datetime(steps["window_end"], utc=True)
    last = steps["is_last"].to_numpy(bool)
    if shown["captured_at"] is None:
        until, comparable = ends, ~last
    else:
        # what came after the capture that is shown says nothing of it
        end = pd.Timestamp(window_of(shown["captured_at"]).end)
        until = ends.where(~last, end)
        comparable = ~last | ((ends <= end).to_numpy(bool) & bool(shown["is_loaded"]))
    since = pd.to_datetime(steps["window_before"], utc=True).where(~last, ends)
    broken = breaks.searchsorted(until, side="right") > breaks.searchsorted(since, side="left")
    hidden = steps["expected"].str.match(_HIDDEN) | steps["found"].str.match(_HIDDEN)
    wrong = steps[comparable & ~broken & ~hidden.to_numpy(bool) & ~_same(steps["expected"], steps["found"])]
    for row in wrong.to_dict("records"):  # findings, of which there should be none
        yield _finding(row)


def _same(left: "pd.Series[Any]", right: "pd.Series[Any]") -> "np.typing.NDArray[np.bool_]":
    """Where two columns of JSON texts hold equal values, as the rules compare them: lists as sets, an empty one is null."""
    values = Values()
    one, other = (values.encode(parse(pa.array(texts.tolist(), pa.string()))) for texts in (left, right))
    same: np.typing.NDArray[np.bool_] = one == other
    return same


def _finding(row: Mapping[Any, Any]) -> Finding:
    event = row["event_id"] if isinstance(row["event_id"], str) else None
    field, moment = row["field"], pd.Timestamp(row["window_end"]).to_pydatetime()
    if row["is_last"]:
        told = "the contact's existence is not shown" if field == "" else f"{_named(field)} is not shown as it was left"
        return Finding(f"{told} in audit.contacts", None, moment, "contact_audit_log", event, row["contact_id"])
    told = (
        "it finds the contact there or gone, and the event before it left it otherwise"
        if field == ""
        else f"the old value of {_named(field)} is not what the event before it left"
    )
    return Finding(told, None, moment, "contact_audit_log", event, row["contact_id"])


def _named(field: str) -> str:
    return field.encode("unicode_escape").decode()
