"""Replacing windows, so that nothing is lost and nothing stands twice.

Works inside the caller's transaction, under a lock for its months; knows no rules. The ledger's entries are appended apart, in
ledger.py: all loads take turns there, so it is the last thing before the commit.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa

from contact_audit import RULES_VERSION, model
from contact_audit.evidence.values import Codes
from contact_audit.log.audit_log import AuditLog
from contact_audit.log.ledger import Entries
from contact_audit.log.loads import Load, Loaded, Rows
from contact_audit.log.never_poorer import kept_windows

_BATCH = 20_000
_EVENTS = [*model.EVENTS.columns]
_WITHOUT = [*model.ENTRIES_WITHOUT_EVENT.columns]
_REJECTED = [*model.REJECTED.columns]
_SCHEMA = [*model.SCHEMA_CHANGES.columns]


def replace(
    log: AuditLog,
    load: Load,
    run_id: str,
    reason: str,
    entries_there: Callable[[Codes], Codes],
    accept_lost_evidence: bool = False,
) -> tuple[Loaded, Entries]:
    """Replace the windows' rows: identical ones stay, others move to superseded_events. Never by poorer evidence.

    `entries_there` tells which journal entries the source still holds; asked only where a row rests on one that was not read.
    What was done, and what the ledger is to say of it: the caller appends that last.
    """
    log.lock(load.windows)
    result, rows = Loaded(), load.rows
    ends = [window.end for window in load.windows]
    there = [moment for (moment,) in log.query("any_rows", windows=ends).itertuples(index=False)]
    kept: set[datetime] = set()
    if there or len(log.loaded(load.windows[0].start, ends[-1])):
        poorer = kept_windows(log, load, there, entries_there)
        result.evidence_lost = {_iso(end): counts for end, counts in poorer.lost.items()}
        result.newer = sorted(_iso(end) for end in poorer.newer)
        kept = poorer.newer | (set() if accept_lost_evidence else set(poorer.lost))
        ends = [end for end in ends if end not in kept]
    events, without, rejected, schema = (
        _outside(frame, kept) for frame in (rows.events, rows.entries_without_event, rows.rejected, rows.schema_changes)
    )
    superseded: dict[datetime, int] = {}
    if set(there) - kept:
        superseded = _replace_rows(log, ends, events, without, rejected, run_id, reason)
    else:
        _copy(log, "audit.contact_audit_log", _EVENTS, events, run_id, rules=True)
        _copy(log, "audit.entries_without_event", _WITHOUT, without, run_id)
        _copy(log, "audit.rejected_rows", _REJECTED, rejected, run_id)
    if set(there) - kept or len(schema):
        _replace_schema_changes(log, ends, schema, rows.schema_change_values, run_id)
    result.windows = len(ends)
    result.events, result.entries_without_event, result.rejected = len(events), len(without), len(rejected)
    result.superseded, result.schema_changes = sum(superseded.values()), len(schema)
    result.by_action = {str(name): int(count) for name, count in events["action"].value_counts().items()}
    result.by_attribution = {str(name): int(count) for name, count in events["attribution"].value_counts().items()}
    return result, Entries.of(load, ends, (events, without, rejected), superseded, run_id)


def _replace_rows(
    log: AuditLog,
    ends: list[datetime],
    events: pd.DataFrame,
    without: pd.DataFrame,
    rejected: pd.DataFrame,
    run_id: str,
    reason: str,
) -> dict[datetime, int]:
    _put_beside(log, events, without, rejected, run_id)
    taken = log.query("supersede", windows=ends, run_id=run_id, reason=reason)
    log.query("add_events")
    log.query("replace_without", windows=ends)
    log.query("add_without")
    log.query("replace_rejected", windows=ends)
    log.query("add_rejected")
    for table in ("incoming_events", "incoming_without", "incoming_rejected"):
        log.drop(table)
    return dict(zip(taken["window_end"].tolist(), taken["superseded"].astype(int).tolist(), strict=True))


def put_beside(log: AuditLog, rows: Rows) -> None:
    """Put rows into temporary tables of this transaction, incoming_events, incoming_without and incoming_rejected, and nowhere else."""
    _put_beside(log, rows.events, rows.entries_without_event, rows.rejected, "")


def _put_beside(
    log: AuditLog, events: pd.DataFrame, without: pd.DataFrame, rejected: pd.DataFrame, run_id: str
) -> None:
    log.query("incoming")
    _copy(log, "incoming_events", _EVENTS, events, run_id, rules=True)
    _copy(log, "incoming_without", _WITHOUT, without, run_id)
    _copy(log, "incoming_rejected", _REJECTED, rejected, run_id)


def _replace_schema_changes(
    log: AuditLog, ends: list[datetime], changes: pd.DataFrame, values: pd.DataFrame, run_id: str
) -> None:
    """What is there already, by its id, stays; the id is a digest of all that a schema change says."""
    ids = changes["schema_change_id"].tolist()
    left = log.query("replace_schema_changes", windows=ends, ids=ids)["schema_change_id"]
    there = [str(one).replace("-", "") for one in left]
    new = changes[~changes["schema_change_id"].isin(there)]
    _copy(log, "audit.schema_changes", _SCHEMA, new, run_id)
    values = values[values["schema_change_id"].isin(new["schema_change_id"])]
    if len(values):
        table = pa.Table.from_pandas(values, preserve_index=False)
        parts = (table.slice(start, _BATCH) for start in range(0, len(values), _BATCH))
        log.copy("audit.schema_change_values", [*model.SCHEMA_CHANGE_VALUES.columns], parts)


def _copy(
    log: AuditLog, relation: str, columns: list[str], frame: pd.DataFrame, run_id: str, rules: bool = False
) -> None:
    if not len(frame):
        return
    frame = frame.assign(run_id=run_id)
    names = [*columns, "run_id"]
    if rules:
        frame["rules_version"] = RULES_VERSION
        names.append("rules_version")
    if "account_id" in frame:
        frame["account_id"] = frame["account_id"].astype("str").fillna("")
    table = pa.Table.from_pandas(frame[names], preserve_index=False)
    log.copy(relation, names, (table.slice(start, _BATCH) for start in range(0, len(frame), _BATCH)))


def _outside(frame: pd.DataFrame, kept: set[datetime]) -> pd.DataFrame:
    return frame[~frame["window_end"].isin(list(kept))] if kept else frame


def _iso(moment: Any) -> str:
    text: str = pd.Timestamp(moment).tz_convert("UTC").isoformat()
    return text
