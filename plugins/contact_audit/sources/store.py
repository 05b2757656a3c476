"""The capture store as a source: what the pipeline asks of a helpdesk that keeps no captures, answered from schema `captures`.

The same for every live adapter. Captures are taken in capture.py; here they are only read. Its SQL is in include/sql/sources/store/.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from contact_audit import model
from contact_audit.database import Reader, reader
from contact_audit.evidence.values import Codes
from contact_audit.settings import Settings
from contact_audit.sources.base import Clock, Source
from contact_audit.sources.live import Adapter, LiveReads, live_reads

_LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)


class LiveSource:
    """A helpdesk without captures, and the store that keeps them for it.

    Attributes:
        adapter: its name; live: the adapter itself; audit_dsn: the database of the store; timeout_seconds: of a statement;
        schema: where the helpdesk's tables are.
    """

    def __init__(
        self,
        adapter: Adapter,
        dsn: str,
        timeout_seconds: int,
        audit_dsn: str,
        folder: Path | None = None,
        schema: str = "public",
    ) -> None:
        self.adapter = adapter.name
        self.live = adapter
        self.audit_dsn = audit_dsn
        self.timeout_seconds = timeout_seconds
        self.dsn = dsn
        self.schema = schema
        self._folder = folder

    @contextmanager
    def session(self) -> Iterator["StoreSession"]:
        """Open a session on the store."""
        with reader(self.audit_dsn, "store", self.timeout_seconds) as open_reader:
            yield StoreSession(open_reader)

    def reads(self, checked: bool = True) -> AbstractContextManager[LiveReads]:
        """Open a snapshot of the helpdesk itself; raises SourceError where a table or column is missing, if that is to be `checked`."""
        return live_reads(self.dsn, self.live, self._folder, self.timeout_seconds, self.schema, checked)


def live_source(adapter: Callable[[], Adapter], folder: Path | None = None) -> Callable[[Settings, str, str], Source]:
    """What opens the source of a live adapter: from the settings, the helpdesk's address and the audit database's."""
    return lambda settings, dsn, audit_dsn: LiveSource(
        adapter(), dsn, settings.statement_timeout_seconds, audit_dsn, folder, settings.source_schema
    )


class StoreSession:
    """An open session on the store; see base.Session. Ids of captures are in the order of their moments."""

    def __init__(self, open_reader: Reader) -> None:
        self._reader = open_reader

    def captures(self) -> pd.DataFrame:
        """model.CAPTURES, oldest first."""
        frame: pd.DataFrame = self._reader.table("captures").cast(model.CAPTURES).to_pandas()
        return frame

    def newest_entry(self) -> tuple[datetime | None, int | None]:
        """The greatest recorded_at and entry_id of the journal."""
        row = self._reader.table("newest_entry").to_pylist()[0]
        return row["recorded_at"], row["entry_id"]

    def clock(self) -> Clock:
        """The source's clock at the newest capture: nothing that is copied became visible later."""
        captured_at = self.captures()["captured_at"]
        moment = captured_at.iloc[-1].to_pydatetime() if len(captured_at) else _LONG_AGO
        return Clock(moment, moment, 0)

    def journal(self, after: datetime, until: datetime) -> pa.Table:
        """model.JOURNAL of what the first capture saw of (after, until]; see `seen_journal` for the rest."""
        return self.seen_journal(self.captures(), 0, 0, after, until)

    def seen_journal(self, captures: pd.DataFrame, first: int, last: int, after: datetime, until: datetime) -> pa.Table:
        """model.JOURNAL: see base.SightedSession."""
        ids = captures["snapshot_id"].to_numpy(np.int64)
        low, high = (int(ids[first]), int(ids[last - 1])) if first < last else (0, 0)
        table = self._reader.table(
            "journal", seen_after=low, seen_until=high, first=int(ids[0]) if len(ids) else 0, after=after, until=until
        )
        return model.judged(table, model.JOURNAL)

    def changed_rows(self, after: datetime, until: datetime, ignored: Codes) -> pa.Table:
        """model.STATES of the captures in (after, until]."""
        captures = self.captures()
        low, high = (int(captures["captured_at"].searchsorted(pd.Timestamp(at), side="right")) for at in (after, until))
        ids = np.append(0, captures["snapshot_id"].to_numpy(np.int64))
        table = self._reader.table("changed_rows", after=int(ids[low]), until=int(ids[high]), ignored=_array(ignored))
        return table.cast(model.STATES)

    def full_differences(self, captures: pd.DataFrame, position: int, ignored: Codes) -> tuple[pa.Table, int]:
        """model.STATES of one capture; the store's captures say what differs, whatever their kind, and are braked when taken."""
        moments = captures["captured_at"].iloc[[position - 1, position]]
        after, until = (moment.to_pydatetime() for moment in moments)
        return self.changed_rows(after, until, ignored), 0

    def states_at(self, captures: pd.DataFrame, position: int, contacts: Codes, ignored: Codes) -> pa.Table:  # noqa: ARG002
        """model.STATES: how the contacts were at a capture; what an ignored capture shows, the next usable one shows, too."""
        capture = int(captures["snapshot_id"].iloc[position])
        table = self._reader.table("states_at", capture=capture, contacts=_array(contacts))
        return table.cast(model.STATES)

    def field_use(
        self,
        captures: pd.DataFrame,
        position: int,
        ignored: Codes,  # noqa: ARG002
        account_id: int,
        field: str,
    ) -> tuple[int, int]:
        """Contacts of an account at a capture, and how many of them hold a field."""
        capture = int(captures["snapshot_id"].iloc[position])
        row = self._reader.table("field_use", account=account_id, field=field, capture=capture).to_pylist()[0]
        return int(row["contacts"]), int(row["holders"])

    @contextmanager
    def contacts(
        self,
        after: datetime | None,
        until: datetime,
        ignored: Codes,  # noqa: ARG002
    ) -> Iterator[pa.RecordBatchReader]:
        """Batches of model.CONTACTS and seen_at."""
        captures = self.captures()
        high = int(captures["captured_at"].searchsorted(pd.Timestamp(until), side="right"))
        newest = int(np.append(0, captures["snapshot_id"].to_numpy(np.int64))[high])
        with self._reader.batches("contacts", after=after or _LONG_AGO, until=until, newest=newest) as batches:
            yield batches

    def fields(self) -> pa.Table:
        """model.FIELDS."""
        return self._reader.table("fields").cast(model.FIELDS)

    def entries_there(self, entries: Codes) -> Codes:
        """Which of the entries can still be derived: the store forgets none."""
        found: Codes = self._reader.table("entries_there", entries=_array(entries))["entry_id"].to_numpy()
        return found

    def late_entries(self, recorded_after: datetime, after: datetime, until: datetime) -> pd.DataFrame:  # noqa: ARG002
        """entry_id, contact_id, occurred_at of none: an entry is the capture's that saw it first, so that none comes late or waits."""
        moments = pd.Series([], dtype="datetime64[us, UTC]")
        ids = pd.Series([], dtype="int64")
        return pd.DataFrame({"entry_id": ids, "contact_id": ids, "occurred_at": moments})

    def weights(self, after: datetime, until: datetime) -> pd.DataFrame:
        """window_end, weight."""
        frame: pd.DataFrame = self._reader.table("weights", after=after, until=until).to_pandas()
        return frame


def _array(ids: Codes) -> str:
    return "{" + ",".join(map(str, np.asarray(ids).tolist())) + "}"
