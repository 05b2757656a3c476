"""What a live adapter is, and the few reads it is asked for: contacts and journal as they are now, in one snapshot.

A live source keeps no captures; what the pipeline asks beyond these reads, the capture store answers (store.py).
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

from contact_audit.connections import where
from contact_audit.database import Reader, reader
from contact_audit.errors import SourceError
from contact_audit.evidence.values import Codes
from contact_audit.sources.composing import composed, given
from contact_audit.sql import SQL_FOLDER, bind, statement

_AT_ONCE = 50_000
"""So many contacts are looked up in one statement."""


class Adapter(Protocol):
    """One helpdesk's tables: SQL in include/sql/sources/<name>/ (contacts, journal, fields, entries_there, newest), and this.

    Attributes:
        name, version: of the adapter; a version that reads otherwise has another number.
        empty_is_null: '' and null are one, in captures and journal alike.
        requires: relation → the columns that the SQL reads.
        entry_ids: whether the journal's ids are the source's own, or derived from moments.
    """

    @property
    def name(self) -> str:
        """The adapter's name."""

    @property
    def version(self) -> int:
        """Another number for a version that reads otherwise."""

    @property
    def empty_is_null(self) -> bool:
        """Whether '' and null are one."""

    @property
    def requires(self) -> Mapping[str, tuple[str, ...]]:
        """Relation → columns that the SQL reads."""

    @property
    def entry_ids(self) -> Literal["source", "derived"]:
        """Whose the journal's ids are."""

    def rows(self, raw: pd.DataFrame) -> pd.DataFrame:
        """What journal rows say: from entry_id, contact_id (int64), occurred_at (UTC), raw (dict), one row each that counts, with the
        columns that live_journal.py lists.
        """


class LiveReads:
    """The reads of one live source, in one read-only snapshot of its database."""

    def __init__(self, open_reader: Reader, adapter: Adapter, folder: Path, schema: str) -> None:
        self._reader = open_reader
        self._adapter = adapter
        self._folder = folder
        self._table("search_path", bind(statement("sources/live/search_path"), {"schema": schema}))
        catalogue = self._table("catalogue", statement("sources/live/catalogue")).to_pandas()
        self._relations = given(adapter, folder, catalogue)

    def moment(self) -> datetime:
        """The snapshot's moment, by the source's clock."""
        found: datetime = self._table("moment", statement("sources/live/moment")).to_pylist()[0]["moment"]
        return found

    def check_columns(self, address: str) -> None:
        """Raise SourceError naming the tables and columns that this version of the helpdesk does not have, or hides."""
        missing = self.missing_columns()
        if missing:
            raise SourceError(
                f"{address}: {'; '.join(missing)} (adapter {self._adapter.name}). Another version of the helpdesk, or no right to "
                "read it: see docs/adapters.md, and make check-source"
            )

    def missing_columns(self) -> list[str]:
        """What of `requires` is not there or may not be read, in words."""
        requires = self._adapter.requires
        relations = "{" + ",".join(f'"{name}"' for name in requires) + "}"
        text = bind(statement("sources/live/columns"), {"relations": relations})
        frame = self._table("columns", text).to_pandas()
        told: list[str] = []
        for relation, columns in requires.items():
            there = frame[(frame["relation"] == relation) & frame["column_name"].notna()]
            if not len(there):
                told.append(f"no table {relation}")
                continue
            readable = dict(zip(there["column_name"], there["readable"], strict=True))
            told += [f'{relation} has no column "{column}"' for column in columns if column not in readable]
            hidden = [column for column in columns if not readable.get(column, True)]
            if hidden:
                told.append(f"this user may not read {relation} ({', '.join(hidden)}): grant it select")
        return told

    def fingerprints(self) -> AbstractContextManager[pa.RecordBatchReader]:
        """Batches of contact_id, fingerprint of all persons."""
        return self._batches("contacts", self._of_contacts("fingerprints"))

    def every_contact(self) -> AbstractContextManager[pa.RecordBatchReader]:
        """Batches of all persons' rows, each with its fingerprint."""
        return self._batches("contacts", self._of_contacts("every_contact"))

    def some_contacts(self, contacts: Codes) -> Iterator[pa.Table]:
        """The rows of these persons, some at a time."""
        for start in range(0, len(contacts), _AT_ONCE):
            ids = "{" + ",".join(map(str, contacts[start : start + _AT_ONCE].tolist())) + "}"
            yield self._table("contacts", self._of_contacts("some_contacts", ids=ids))

    def journal(self, after: int) -> AbstractContextManager[pa.RecordBatchReader]:
        """Batches of entry_id, contact_id, occurred_at, raw (JSON text) of the journal's rows with a greater id."""
        text = statement("sources/live/journal").replace("%(journal)s", _inner(self._text("journal")))
        return self._batches("journal", bind(text, {"after": after}))

    def newest(self) -> tuple[int | None, int]:
        """The greatest entry id, and about how many entries there are."""
        row = self._own("newest").to_pylist()[0]
        return row["entry_id"], int(row["entries"] or 0)

    def fields(self) -> pa.Table:
        """account_id, field, label, field_type of the custom fields."""
        return self._own("fields")

    def entries_there(self, entries: Iterable[int]) -> Codes:
        """Which of the entries, by the source's ids, it still holds."""
        found: Codes = self._own("entries_there", entries="{" + ",".join(map(str, entries)) + "}")[
            "entry_id"
        ].to_numpy()
        return found.astype(np.int64)

    def sample(self, name: str, of: str, **values: Any) -> pa.Table:
        """Some rows of a query (`of`: contacts, journal), by include/sql/sources/check/<name>.sql."""
        text = statement(f"sources/check/{name}").replace(f"%({of})s", _inner(self._text(of)))
        return self._table(of, bind(text, values))

    def reading(self) -> str:
        """The text that says how contacts are read, without comments and spaces."""
        texts = [self._folder / "contacts.sql", *sorted(self._folder.glob("given/*.sql"))]
        lines = (line.partition("--")[0] for path in texts for line in path.read_text(encoding="utf-8").splitlines())
        return " ".join(" ".join(lines).split())

    def _own(self, name: str, **values: Any) -> pa.Table:
        return self._table(name, bind(self._text(name), values))

    def _of_contacts(self, name: str, **values: Any) -> str:
        return bind(statement(f"sources/live/{name}").replace("%(contacts)s", _inner(self._text("contacts"))), values)

    def _text(self, name: str) -> str:
        return composed((self._folder / f"{name}.sql").read_text(encoding="utf-8"), self._relations)

    def _table(self, name: str, text: str) -> pa.Table:
        return self._reader.table_of(name, text)

    def _batches(self, name: str, text: str) -> AbstractContextManager[pa.RecordBatchReader]:
        return self._reader.batches_of(name, text)


@contextmanager
def live_reads(
    dsn: str, adapter: Adapter, folder: Path | None, timeout_seconds: int, schema: str = "public", checked: bool = True
) -> Iterator[LiveReads]:
    """Open a snapshot of a live source, its tables in the schema (or several). Raises SourceError where a table or column is missing."""
    with reader(dsn, adapter.name, timeout_seconds) as open_reader:
        reads = LiveReads(open_reader, adapter, folder or SQL_FOLDER / "sources" / adapter.name, schema)
        if checked:
            reads.check_columns(where(dsn))
        yield reads


def _inner(text: str) -> str:
    """A statement as it stands in another one's brackets."""
    return "\n" + text.strip().rstrip(";") + "\n"
