"""Dumps that real helpdesks' databases wrote, restored into a test's database, and an adapter's reads of one directly.

A dump names sequences that it does not bring along: defaults of ids are left out.
"""

import re
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd

from contact_audit.local.embedded import _PROGRAMS
from contact_audit.sources.composing import composed, given
from contact_audit.sql import SQL_FOLDER, bind, statement
from tests.support.runs import query

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"


def restore(dsn: str, dump: str, schema: str = "public") -> None:
    """Bring a database to what a dump of tests/fixtures holds; what stood in the schema before is gone."""
    text = (FIXTURES / dump).read_text(encoding="utf-8")
    text = re.sub(r" DEFAULT nextval\('[^']*'::regclass\)", "", text)
    text = text.replace("public.", f"{schema}.")
    head = f"drop schema if exists {schema} cascade; create schema {schema};\n"
    psql(dsn, head + text)


def psql(dsn: str, text: str) -> None:
    """Run a script, COPY included, in one transaction; raises where anything in it fails."""
    done = subprocess.run(
        [_PROGRAMS / "psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-d", dsn],
        input=text,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


class Direct:
    """An adapter's statements on a database, one by one, without the store."""

    def __init__(self, adapter: Any, dsn: str) -> None:
        self._adapter = adapter
        self._dsn = dsn
        self._folder = SQL_FOLDER / "sources" / adapter.name
        catalogue = pd.DataFrame(query(dsn, statement("sources/live/catalogue")))
        self._given = given(adapter, self._folder, catalogue)

    def read(self, name: str, **values: Any) -> list[dict[str, Any]]:
        """The rows of one of its statements."""
        text = composed((self._folder / f"{name}.sql").read_text(encoding="utf-8"), self._given)
        return query(self._dsn, bind(text, values))

    def contacts(self) -> dict[int, dict[str, Any]]:
        """The persons by their ids."""
        return {row["contact_id"]: row for row in self.read("contacts")}

    def rows(self, after: int = 0) -> list[dict[str, Any]]:
        """What the journal says, as `rows` tells it."""
        raw = pd.DataFrame(self.read("journal", after=after), columns=["entry_id", "contact_id", "occurred_at", "raw"])
        raw["occurred_at"] = pd.to_datetime(raw["occurred_at"], utc=True)
        raw = raw.astype({"entry_id": "int64", "contact_id": "int64"})
        return self._adapter.rows(raw).to_dict("records")
