"""The adapter `helpdesk`: reads the reference schema (include/sql/helpdesk/schema.sql).

Its SQL is in include/sql/sources/helpdesk/.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa

from contact_audit import model
from contact_audit.database import Reader, reader, where
from contact_audit.errors import SourceError
from contact_audit.evidence.values import Codes
from contact_audit.sources.base import Clock

_LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)
_EXPECTED = {
    "snapshots": ("snapshot_id", "captured_at", "kind"),
    "contact_snapshots": (
        *("snapshot_id", "contact_id", "account_id", "name", "email", "primary_phone"),
        *("custom_fields", "created_at", "deleted"),
    ),
    "contact_journal": (
        *("entry_id", "contact_id", "account_id", "occurred_at", "recorded_at", "action", "author_type", "author_id"),
        *("author_name", "ip_address", "channel", "changes"),
    ),
    "custom_fields": ("account_id", "field_key", "label", "field_type"),
}


class HelpdeskSource:
    """A helpdesk database in the reference schema."""

    adapter = "helpdesk"

    def __init__(self, dsn: str, timeout_seconds: int) -> None:
        self._dsn = dsn
        self._timeout_seconds = timeout_seconds

    @contextmanager
    def session(self) -> Iterator["HelpdeskSession"]:
        """Open a session; raises SourceError where a table or column is missing."""
        with reader(self._dsn, self.adapter, self._timeout_seconds) as open_reader:
            self._check_columns(open_reader)
            yield HelpdeskSession(open_reader)

    def _check_columns(self, open_reader: Reader) -> None:
        there = open_reader.table("columns").to_pandas()
        found = set(zip(there["relation"], there["column_name"], strict=True))
        for relation, columns in _EXPECTED.items():
            if not any(name == relation for name, _ in found):
                what = f"no table (that this user may read) helpdesk.{relation}"
            elif missing := [column for column in columns if (relation, column) not in found]:
                what = f"helpdesk.{relation} has no column " + ", ".join(f'"{column}"' for column in missing)
            else:
                continue
            raise SourceError(
                f"{where(self._dsn)}: {what} (adapter helpdesk). Expected by include/sql/sources/helpdesk/; see docs/adapters.md"
            )


class HelpdeskSession:
    """An open session; see base.Session."""

    def __init__(self, open_reader: Reader) -> None:
        self._reader = open_reader

    def captures(self) -> pd.DataFrame:
        """model.CAPTURES, oldest first."""
        frame: pd.DataFrame = self._reader.table("captures").cast(model.CAPTURES).to_pandas()
        return frame

    def clock(self) -> Clock:
        """The source's clock."""
        row = self._reader.table("clock").to_pylist()[0]
        return Clock(row["until"], row["server"], int(row["ahead"]))

    def newest_entry(self) -> tuple[datetime | None, int | None]:
        """The greatest recorded_at until now and the greatest entry_id of the journal."""
        row = self._reader.table("newest_entry").to_pylist()[0]
        return row["recorded_at"], row["entry_id"]

    def journal(self, after: datetime, until: datetime) -> pa.Table:
        """model.JOURNAL of (after, until]."""
        return self._reader.table("journal", after=after, until=until).cast(model.JOURNAL)

    def changed_rows(self, after: datetime, until: datetime, ignored: Codes) -> pa.Table:
        """model.STATES of the 'changed' captures in (after, until]."""
        table = self._reader.table("changed_rows", after=after, until=until, ignored=_array(ignored))
        return table.cast(model.STATES)

    def full_differences(self, captures: pd.DataFrame, position: int, ignored: Codes) -> tuple[pa.Table, int]:
        """model.STATES: what differs in the full capture; and how many contacts the one before held, if any is missing."""
        current, previous = int(captures["snapshot_id"].iloc[position]), int(captures["snapshot_id"].iloc[position - 1])
        since = {
            "last_full_at": _last_full(captures, position - 1),
            "captured_at": captures["captured_at"].iloc[position - 1].to_pydatetime(),
            "ignored": _array(ignored),
        }
        after_full = captures["kind"].iloc[position - 1] == "full"
        if after_full:
            table = self._reader.table("full_after_full", previous=previous, current=current)
        else:
            table = self._reader.table("full_after_changed", current=current, previous_at=since["captured_at"], **since)
        table = table.cast(model.STATES)
        if _all_there(table):
            return table, 0
        size = (
            self._reader.table("full_size", capture=previous)
            if after_full
            else self._reader.table("size_since", **since)
        )
        return table, int(size["contacts"][0].as_py())

    def states_at(self, captures: pd.DataFrame, position: int, contacts: Codes, ignored: Codes) -> pa.Table:
        """model.STATES: how the contacts were at a capture."""
        table = self._reader.table(
            "states_at",
            capture=int(captures["snapshot_id"].iloc[position]),
            captured_at=captures["captured_at"].iloc[position].to_pydatetime(),
            last_full_at=_last_full(captures, position),
            contacts=_array(contacts),
            ignored=_array(ignored),
        )
        return table.cast(model.STATES)

    def field_use(
        self, captures: pd.DataFrame, position: int, ignored: Codes, account_id: int, field: str
    ) -> tuple[int, int]:
        """Contacts of an account at a capture, and how many of them hold a field."""
        row = self._reader.table(
            "field_use",
            account=account_id,
            field=field,
            captured_at=captures["captured_at"].iloc[position].to_pydatetime(),
            last_full_at=_last_full(captures, position),
            ignored=_array(ignored),
        ).to_pylist()[0]
        return int(row["contacts"]), int(row["holders"])

    def contacts(
        self, after: datetime | None, until: datetime, ignored: Codes
    ) -> AbstractContextManager[pa.RecordBatchReader]:
        """Batches of model.CONTACTS and seen_at."""
        return self._reader.batches("contacts", after=after or _LONG_AGO, until=until, ignored=_array(ignored))

    def fields(self) -> pa.Table:
        """model.FIELDS."""
        return self._reader.table("fields").cast(model.FIELDS)

    def entries_there(self, entries: Codes) -> Codes:
        """Which of the entries are still there."""
        found: Codes = self._reader.table("entries_there", entries=_array(entries))["entry_id"].to_numpy()
        return found

    def late_entries(self, recorded_after: datetime, after: datetime, until: datetime) -> pd.DataFrame:
        """entry_id, occurred_at of late entries."""
        frame: pd.DataFrame = self._reader.table(
            "late_entries", recorded_after=recorded_after, after=after, until=until
        ).to_pandas()
        return frame

    def weights(self, after: datetime, until: datetime) -> pd.DataFrame:
        """window_end, weight."""
        frame: pd.DataFrame = self._reader.table("weights", after=after, until=until).to_pandas()
        return frame


def _array(ids: Codes) -> str:
    return "{" + ",".join(map(str, np.asarray(ids).tolist())) + "}"


def _all_there(table: pa.Table) -> bool:
    return bool(table["present"].to_numpy().all()) if table.num_rows else True


def _last_full(captures: pd.DataFrame, position: int) -> datetime:
    """When the last full capture until `position` was taken; the very first capture counts as full."""
    kinds = captures["kind"].iloc[: position + 1].to_numpy()
    full = np.flatnonzero(kinds == "full")
    moment: datetime = captures["captured_at"].iloc[int(full[-1]) if len(full) else 0].to_pydatetime()
    return moment
