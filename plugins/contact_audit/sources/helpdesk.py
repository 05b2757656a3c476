"""The adapter `helpdesk`: reads the reference schema (include/sql/helpdesk/schema.sql).

Its SQL is in include/sql/sources/helpdesk/.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from contact_audit import model
from contact_audit.connections import where
from contact_audit.database import Reader, reader
from contact_audit.errors import SourceError
from contact_audit.evidence.values import Codes
from contact_audit.sources.base import Clock
from contact_audit.sources.relations import Relations

_LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)
_NOBODY: Codes = np.zeros(0, np.int64)


class HelpdeskSource:
    """A helpdesk database in the reference schema."""

    adapter = "helpdesk"

    def __init__(self, dsn: str, timeout_seconds: int) -> None:
        self._dsn = dsn
        self._timeout_seconds = timeout_seconds

    @contextmanager
    def session(self) -> Iterator["HelpdeskSession"]:
        """Open a session; raises SourceError where the database cannot be read as expected."""
        with reader(self._dsn, self.adapter, self._timeout_seconds) as open_reader:
            open_reader.set("session")
            server = where(self._dsn)
            if open_reader.table("encoding")["server_encoding"][0].as_py() == "SQL_ASCII":
                raise SourceError(
                    f"{server}: the database has the encoding SQL_ASCII, which does not say what its texts are (adapter helpdesk). "
                    "Read it from a copy in UTF8; see docs/adapters.md"
                )
            columns, keys = (open_reader.table(name).to_pandas() for name in ("columns", "keys"))
            yield HelpdeskSession(open_reader, Relations.of(columns, keys, server))


class HelpdeskSession:
    """An open session; see base.JudgingSession."""

    def __init__(self, open_reader: Reader, relations: Relations) -> None:
        self._relations = relations
        nameless = _NOBODY
        if not relations.rows_named:
            found = open_reader.preceded(lambda text: relations.before(text, _NOBODY)).table("nameless")
            nameless = found["snapshot_id"].to_numpy()
        self._reader = open_reader.preceded(lambda text: relations.before(text, nameless))

    def captures(self) -> pd.DataFrame:
        """model.CAPTURES, oldest first."""
        frame: pd.DataFrame = self._reader.table("captures").cast(model.CAPTURES).to_pandas()
        return frame

    def clock(self) -> Clock:
        """The source's clock."""
        row = self._reader.table("clock").to_pylist()[0]
        return Clock(row["until"], row["server"], int(row["ahead"]))

    def contents(self, captures: Codes, digested: Codes) -> pd.DataFrame:
        """What the rows of captures come to."""
        table = self._reader.table("contents", captures=_array(captures), digested=_array(digested))
        frame: pd.DataFrame = table.to_pandas()
        return frame.astype(object).where(frame.notna(), None)

    def unusable(self) -> list[str]:
        """Sentences about captures and labels."""
        rows = self._reader.table("unusable").to_pylist()
        return [f"helpdesk.{row['relation']}: a row is not used ({row['reason']}): {row['whole']}" for row in rows]

    def adrift(self, after: datetime, until: datetime, of_none: bool, ignored: Codes) -> pa.Table:
        """model.STATES of rows without a key."""
        if self._relations.rows_named and (self._relations.rows_linked or not of_none):
            return model.judged(model.STATES.empty_table(), model.STATES)
        table = self._reader.table("adrift", after=after, until=until, of_none=of_none, ignored=_array(ignored))
        return model.judged(table, model.STATES)

    def unusable_rows(self, captures: Codes) -> pa.Table:
        """model.STATES of rows that cannot be used."""
        return model.judged(self._reader.table("unusable_rows", captures=_array(captures)), model.STATES)

    def last_known(self, captures: pd.DataFrame, position: int, contacts: Codes, ignored: Codes) -> pd.DataFrame:
        """contact_id, known_at, lost_at."""
        first, last = (captures["captured_at"].iloc[one].to_pydatetime() for one in (0, position))
        frame: pd.DataFrame = self._reader.table(
            "last_known", contacts=_array(contacts), first_at=first, captured_at=last, ignored=_array(ignored)
        ).to_pandas()
        return frame

    def next_known(self, after: datetime, contacts: Codes, ignored: Codes) -> pd.DataFrame:
        """contact_id, known_at."""
        frame: pd.DataFrame = self._reader.table(
            "next_known", contacts=_array(contacts), after=after, ignored=_array(ignored)
        ).to_pandas()
        return frame

    def journal_of(self, contacts: Codes, after: datetime, until: datetime) -> pa.Table:
        """model.JOURNAL of some contacts."""
        table = self._reader.table("journal_of", contacts=_array(contacts), after=after, until=until)
        return model.judged(table, model.JOURNAL)

    def early_entries(self, capture: int, after: datetime, until: datetime) -> pa.Table:
        """model.JOURNAL of contacts with an unusable row in a capture."""
        return model.judged(
            self._reader.table("early_entries", capture=capture, after=after, until=until), model.JOURNAL
        )

    def undated_entries(self) -> pa.Table:
        """model.JOURNAL of entries without any moment."""
        return model.judged(self._reader.table("undated_entries"), model.JOURNAL)

    def newest_entry(self) -> tuple[datetime | None, int | None]:
        """The greatest recorded_at until now and the greatest entry_id of the journal."""
        row = self._reader.table("newest_entry").to_pylist()[0]
        return row["recorded_at"], row["entry_id"]

    def journal(self, after: datetime, until: datetime) -> pa.Table:
        """model.JOURNAL of (after, until]."""
        return model.judged(self._reader.table("journal", after=after, until=until), model.JOURNAL)

    def changed_rows(self, after: datetime, until: datetime, ignored: Codes) -> pa.Table:
        """model.STATES of the 'changed' captures in (after, until]."""
        once = self._relations.rows_once
        table = self._reader.table("changed_rows", after=after, until=until, once=once, ignored=_array(ignored))
        return model.judged(table if once else _one_a_key(table), model.STATES)

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
        table = model.judged(table, model.STATES)
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
        return model.judged(table, model.STATES)

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
        """entry_id, contact_id, occurred_at of late entries."""
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


def _one_a_key(table: pa.Table) -> pa.Table:
    """The rows of captures, one a contact and capture: equal ones are one, and of those that differ none can be used."""
    keys = table.select(["snapshot_id", "contact_id"]).to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    named = (keys["snapshot_id"].notna() & keys["contact_id"].notna()).to_numpy(bool)
    again = named & keys.duplicated(keep=False).to_numpy()
    if named.all() and not again.any():
        return table
    single = table.filter(pa.array(named & ~again))
    rows = table.filter(pa.array(again)).to_pylist()  # row by row: these are mistakes, and few
    by_key: dict[tuple[int, int], dict[str, dict[str, Any]]] = {}
    for row in rows:
        by_key.setdefault((row["snapshot_id"], row["contact_id"]), {})[repr({**row, "raw": None})] = row
    kept = [next(iter(some.values())) for some in by_key.values()]
    for row, some in zip(kept, by_key.values(), strict=True):
        if len(some) > 1:
            row |= {"present": True, "note": None, "fault": "rows of one snapshot_id and contact_id differ"}
            row["whole"] = model.SEPARATOR.join(sorted(str(one["raw"]) for one in some.values()))
    return pa.concat_tables([single, pa.Table.from_pylist(kept, schema=table.schema)])


def _all_there(table: pa.Table) -> bool:
    return bool(table["present"].to_numpy().all()) if table.num_rows else True


def _last_full(captures: pd.DataFrame, position: int) -> datetime:
    """When the last full capture until `position` was taken; the very first capture counts as full."""
    kinds = captures["kind"].iloc[: position + 1].to_numpy()
    full = np.flatnonzero(kinds == "full")
    moment: datetime = captures["captured_at"].iloc[int(full[-1]) if len(full) else 0].to_pydatetime()
    return moment
