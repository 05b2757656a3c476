"""The audit database: what is loaded, and replacing windows so that nothing is lost and nothing stands twice.

Works inside the caller's transaction, under an advisory lock; knows no rules.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc
from psycopg2.extensions import connection as Connection

from contact_audit import RULES_VERSION, model
from contact_audit.errors import AuditDatabaseError
from contact_audit.evidence.values import Codes
from contact_audit.log.never_poorer import kept_windows
from contact_audit.sql import statement
from contact_audit.windows import Window

_BATCH = 20_000
_EVENTS = [*model.EVENTS.columns]
_WITHOUT = [*model.ENTRIES_WITHOUT_EVENT.columns]
_REJECTED = [*model.REJECTED.columns]
_SCHEMA = [*model.SCHEMA_CHANGES.columns]


@dataclass(frozen=True)
class Load:
    """Everything that is to stand in the windows of a span.

    Attributes:
        windows: the windows to replace.
        events, entries_without_event, rejected, schema_changes, schema_change_values: their rows, as in model.py.
        captures: window_end, snapshot_id and full (whether it is a full one) of the captures that lie in them.
        captures_there: ids of all captures that the source has; last_full: id and moment of the last full one before the windows.
        entries_seen: ids of all journal entries that were read; read_after, read_until: those that happened in this time.
        newest_recorded_at, newest_entry_id: how far the journal reached.
        whole_until: windows that end after it had not ended yet.
    """

    windows: list[Window]
    events: pd.DataFrame
    entries_without_event: pd.DataFrame
    rejected: pd.DataFrame
    schema_changes: pd.DataFrame
    schema_change_values: pd.DataFrame
    captures: pd.DataFrame
    captures_there: Codes
    last_full: tuple[int, datetime] | None
    entries_seen: Codes
    read_after: datetime
    read_until: datetime
    newest_recorded_at: datetime | None
    newest_entry_id: int | None
    whole_until: datetime


@dataclass
class Loaded:
    """What a load did.

    Attributes:
        windows, events, entries_without_event, rejected, superseded, schema_changes: counts.
        by_action, by_attribution: events by these.
        evidence_lost: window end (ISO) → how many captures and entries its rows rest on that the source no longer
        has; kept as it was.
        newer: ends of windows kept because another run has loaded newer evidence meanwhile.
    """

    windows: int = 0
    events: int = 0
    entries_without_event: int = 0
    rejected: int = 0
    superseded: int = 0
    schema_changes: int = 0
    by_action: dict[str, int] = field(default_factory=dict)
    by_attribution: dict[str, int] = field(default_factory=dict)
    evidence_lost: dict[str, dict[str, int]] = field(default_factory=dict)
    newer: list[str] = field(default_factory=list)


class AuditLog:
    """The audit tables, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def query(self, name: str, **values: Any) -> pd.DataFrame:
        """The rows that include/sql/audit/load/<name>.sql returns, as objects; empty where it returns none."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement(f"audit/load/{name}"), values)
            if cursor.description is None:
                return pd.DataFrame()
            return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description], dtype=object)

    def claim(self, adapter: str) -> None:
        """Register the adapter; raises AuditDatabaseError where another one fills this database."""
        self.query("claim", adapter=adapter)
        filled_by = str(self.query("source")["adapter"].iloc[0])
        if filled_by != adapter:
            raise AuditDatabaseError(
                f"this audit database is filled by the adapter {filled_by!r}; {adapter!r} would mix its ids with "
                "another helpdesk's. "
                "Set CONTACT_AUDIT_SOURCE, or use another database for the connection contact_audit."
            )

    def decisions(self) -> dict[int, str]:
        """What was decided about captures: snapshot_id → accept | ignore."""
        frame = self.query("decisions")
        return dict(zip(frame["snapshot_id"].astype(int).tolist(), frame["decision"].tolist(), strict=True))

    def loaded(self, after: datetime, until: datetime) -> pd.DataFrame:
        """The loaded windows of (after, until]: window_end (UTC), captures (list), newest_recorded_at, whole, sequence, counts."""
        frame = self.query("loaded", after=after, until=until)
        frame["window_end"] = pd.to_datetime(frame["window_end"], utc=True)
        return frame

    def evidence(self, windows: Iterable[Window]) -> pd.DataFrame:
        """window_end, entry_id: the journal entries that the windows' rows rest on."""
        frame = self.query("evidence", windows=[window.end for window in windows])
        frame["window_end"] = pd.to_datetime(frame["window_end"], utc=True)
        return frame.astype({"entry_id": np.int64})

    def replace(
        self,
        load: Load,
        run_id: str,
        reason: str,
        entries_there: Callable[[Codes], Codes],
        accept_lost_evidence: bool = False,
    ) -> Loaded:
        """Replace the windows' rows: identical ones stay, others move to superseded_events. Never by poorer evidence.

        `entries_there` tells which journal entries the source still holds; asked only where a row rests on one that was not read.
        """
        self.lock(load.windows)
        result = Loaded()
        ends = [window.end for window in load.windows]
        there = [moment for (moment,) in self.query("any_rows", windows=ends).itertuples(index=False)]
        kept: set[datetime] = set()
        if there or len(self.loaded(load.windows[0].start, ends[-1])):
            poorer = kept_windows(self, load, there, entries_there)
            result.evidence_lost = {_iso(end): counts for end, counts in poorer.lost.items()}
            result.newer = sorted(_iso(end) for end in poorer.newer)
            kept = poorer.newer | (set() if accept_lost_evidence else set(poorer.lost))
            ends = [end for end in ends if end not in kept]
        events, without, rejected, schema = (
            _outside(frame, kept)
            for frame in (load.events, load.entries_without_event, load.rejected, load.schema_changes)
        )
        superseded: dict[datetime, int] = {}
        if set(there) - kept:
            superseded = self._replace_rows(ends, events, without, rejected, run_id, reason)
        else:
            self._copy("audit.contact_audit_log", _EVENTS, events, run_id, rules=True)
            self._copy("audit.entries_without_event", _WITHOUT, without, run_id)
            self._copy("audit.rejected_rows", _REJECTED, rejected, run_id)
        if set(there) - kept or len(schema):
            self._replace_schema_changes(ends, schema, load.schema_change_values, run_id)
        self._append_to_ledger(load, ends, (events, without, rejected), superseded, run_id)
        result.windows = len(ends)
        result.events, result.entries_without_event, result.rejected = len(events), len(without), len(rejected)
        result.superseded, result.schema_changes = sum(superseded.values()), len(schema)
        result.by_action = {str(name): int(count) for name, count in events["action"].value_counts().items()}
        result.by_attribution = {str(name): int(count) for name, count in events["attribution"].value_counts().items()}
        return result

    def lock(self, windows: Iterable[Window]) -> None:
        """Wait until no other load works on the months of these windows; held until the transaction ends."""
        months = sorted({window.end.year * 100 + window.end.month for window in windows})
        self.query("lock", months=months)

    def _replace_rows(
        self,
        ends: list[datetime],
        events: pd.DataFrame,
        without: pd.DataFrame,
        rejected: pd.DataFrame,
        run_id: str,
        reason: str,
    ) -> dict[datetime, int]:
        self.query("incoming")
        self._copy("incoming_events", _EVENTS, events, run_id, rules=True)
        self._copy("incoming_without", _WITHOUT, without, run_id)
        self._copy("incoming_rejected", _REJECTED, rejected, run_id)
        taken = self.query("supersede", windows=ends, run_id=run_id, reason=reason)
        self.query("add_events")
        self.query("replace_without", windows=ends)
        self.query("add_without")
        self.query("replace_rejected", windows=ends)
        self.query("add_rejected")
        for table in ("incoming_events", "incoming_without", "incoming_rejected"):
            with self._connection.cursor() as cursor:
                cursor.execute(f"drop table {table}")
        return dict(zip(taken["window_end"].tolist(), taken["superseded"].astype(int).tolist(), strict=True))

    def _replace_schema_changes(
        self, ends: list[datetime], changes: pd.DataFrame, values: pd.DataFrame, run_id: str
    ) -> None:
        """What is there already, by its id, stays; the id is a digest of all that a schema change says."""
        ids = changes["schema_change_id"].tolist()
        left = self.query("replace_schema_changes", windows=ends, ids=ids)["schema_change_id"]
        there = [str(one).replace("-", "") for one in left]
        new = changes[~changes["schema_change_id"].isin(there)]
        self._copy("audit.schema_changes", _SCHEMA, new, run_id)
        values = values[values["schema_change_id"].isin(new["schema_change_id"])]
        if len(values):
            table = pa.Table.from_pandas(values, preserve_index=False)
            parts = (table.slice(start, _BATCH) for start in range(0, len(values), _BATCH))
            self.copy("audit.schema_change_values", [*model.SCHEMA_CHANGE_VALUES.columns], parts)

    def _copy(self, relation: str, columns: list[str], frame: pd.DataFrame, run_id: str, rules: bool = False) -> None:
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
        self.copy(relation, names, (table.slice(start, _BATCH) for start in range(0, len(frame), _BATCH)))

    def copy(self, relation: str, columns: list[str], tables: Iterable[pa.Table]) -> None:
        """Bulk load tables of these columns, in this order, by COPY."""
        text = f"copy {relation} ({', '.join(columns)}) from stdin with (format csv)"
        with self._connection.cursor() as cursor:
            for table in tables:
                cursor.copy_expert(text, pa.BufferReader(_csv(table)))

    def _append_to_ledger(
        self,
        load: Load,
        ends: list[datetime],
        frames: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
        superseded: dict[datetime, int],
        run_id: str,
    ) -> None:
        index = pd.DatetimeIndex(ends, tz="UTC")
        counts = [frame.groupby("window_end").size().reindex(index, fill_value=0).tolist() for frame in frames]
        ids = (
            load.captures.groupby("window_end")["snapshot_id"].agg(lambda some: " ".join(map(str, some))).astype("str")
        )
        self.query("appending")
        self.query(
            "ledger",
            windows=ends,
            events=counts[0],
            entries_without_event=counts[1],
            rejected=counts[2],
            superseded=[superseded.get(end, 0) for end in ends],
            captures=ids.reindex(index, fill_value="").tolist(),
            newest_recorded_at=load.newest_recorded_at,
            newest_entry_id=load.newest_entry_id,
            whole_until=load.whole_until,
            rules_version=RULES_VERSION,
            run_id=run_id,
        )


def _csv(table: pa.Table) -> pa.Buffer:
    # Text is always quoted and null never: an empty text and null stay apart.
    sink = pa.BufferOutputStream()
    pc.write_csv(table, sink, pc.WriteOptions(include_header=False, quoting_style="needed"))
    return sink.getvalue()


def _outside(frame: pd.DataFrame, kept: set[datetime]) -> pd.DataFrame:
    return frame[~frame["window_end"].isin(list(kept))] if kept else frame


def _iso(moment: Any) -> str:
    text: str = pd.Timestamp(moment).tz_convert("UTC").isoformat()
    return text
