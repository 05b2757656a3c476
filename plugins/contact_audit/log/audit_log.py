"""The audit tables, within one transaction: what is loaded, what was decided, and COPY into them. Knows no rules."""

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from psycopg2.errors import LockNotAvailable
from psycopg2.extensions import connection as Connection

from contact_audit.database import copy_into
from contact_audit.errors import AuditDatabaseError
from contact_audit.sql import statement
from contact_audit.windows import Window

_SAID_AFTER, _SAID_EVERY = 1.0, 60.0
_log = logging.getLogger(__name__)


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

    def lock(self, windows: Iterable[Window]) -> None:
        """Wait until no other load works on the months of these windows; held until the transaction ends.

        After a second, and each minute from then on, the log says for whom it waits.
        """
        months = sorted({window.end.year * 100 + window.end.month for window in windows})
        seconds = _SAID_AFTER
        while not self._is_free(months, seconds):
            holders = self.query("lock_holders", months=months)
            told = [
                f"{name or 'another'} (process {pid}, its transaction since {since:%Y-%m-%d %H:%M:%S %Z})"
                for pid, name, since in holders.itertuples(index=False)
                if since is not None
            ]
            _log.info("waits for the load of the same months by %s", ", ".join(told) or "somebody who has just ended")
            seconds = _SAID_EVERY
        self.query("lock", months=months, milliseconds=0)

    def _is_free(self, months: list[int], seconds: float) -> bool:
        """Whether these months' locks can be had within so many seconds. They are given back: a lock that is taken in a savepoint
        belongs to a transaction of its own number, by which nobody finds who holds it.
        """
        with self._connection.cursor() as cursor:
            cursor.execute("savepoint before_lock")
            try:
                self.query("lock", months=months, milliseconds=int(seconds * 1000))
                free = True
            except LockNotAvailable:
                free = False
            cursor.execute("rollback to savepoint before_lock")
            cursor.execute("release savepoint before_lock")
        return free

    def drop(self, table: str) -> None:
        """Drop a temporary table of this transaction."""
        with self._connection.cursor() as cursor:
            cursor.execute(f"drop table {table}")

    def copy(self, relation: str, columns: list[str], tables: Iterable[pa.Table]) -> None:
        """Bulk load tables of these columns, in this order, by COPY."""
        copy_into(self._connection, relation, columns, tables)
