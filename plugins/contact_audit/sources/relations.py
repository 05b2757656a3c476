"""The source's relations in the contract's types: what stands before each statement of the adapter, made from the catalogue.

A view may offer other types than the reference schema, and nothing but constraints keeps a key. What the source's own types and
constraints vouch for is read as it is, and costs nothing; what they do not is cast and judged row by row by the database.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from contact_audit.errors import SourceError
from contact_audit.evidence.values import Codes
from contact_audit.sql import literal, statement

_FOLDER = "sources/helpdesk/relations"


@dataclass(frozen=True)
class Relations:
    """How this source's relations are read.

    Attributes:
        reads: relation → the select that reads its columns in the contract's types.
        snapshots_once, rows_once, entries_once: whether the source's constraints keep these relations' keys.
        rows_named: whether they exclude a contact's row without contact; rows_linked: one of no capture.
    """

    reads: dict[str, str]
    snapshots_once: bool
    rows_once: bool
    entries_once: bool
    rows_named: bool
    rows_linked: bool

    @classmethod
    def of(cls, columns: pd.DataFrame, keys: pd.DataFrame, server: str) -> "Relations":
        """From the rows of columns.sql and keys.sql; SourceError names what is missing, or has a type that is not read."""
        for relation, some in columns.groupby("relation", sort=False):
            _refuse_what_is_missing(str(relation), some, server)
        unread = columns[columns["value"].isna()]
        if len(unread):
            told = ", ".join(_unread(row) for row in unread.to_dict("records"))
            raise SourceError(
                f"{server}: {told} (adapter helpdesk). A view may cast it; the types that are read are listed in docs/adapters.md"
            )
        kept = {str(name): bool(value) for name, value in keys.iloc[0].items()}
        faultless = dict(
            zip(columns["relation"] + "." + columns["column_name"], columns["fault"] == "null", strict=True)
        )
        return cls(
            reads={
                str(relation): _read(str(relation), some) for relation, some in columns.groupby("relation", sort=False)
            },
            snapshots_once=kept["snapshots"],
            rows_once=kept["contact_snapshots"],
            entries_once=kept["contact_journal"],
            rows_named=faultless["contact_snapshots.contact_id"],
            rows_linked=kept["linked"] and faultless["contact_snapshots.snapshot_id"],
        )

    def before(self, text: str, nameless: Codes) -> str:
        """The statement with the relations that it asks for before it; `nameless`: captures with rows of nobody."""
        named = literal("{" + ",".join(map(str, nameless.tolist())) + "}")
        bodies = {f"read_{relation}": read for relation, read in self.reads.items()} | {
            "snapshots": _body("snapshots" if self._plain else "snapshots_judged") % {"nameless": named},
            "contact_rows": _body("contact_rows") % {},
            "contact_snapshots": _body("contact_snapshots" if self.rows_once else "contact_snapshots_judged") % {},
            "contact_journal": _body("contact_journal") % {},
            "custom_fields": _body("custom_fields") % {},
        }
        # Judged captures are few, and are asked for again and again: once is enough.
        kept = {"snapshots"} if not self._plain else set()
        ctes = (f"{name} as {'' if name in kept else 'not '}materialized (\n{body}\n)" for name, body in bodies.items())
        # Within a subquery a statement may have a `with` of its own.
        return "with\n" + ",\n".join(ctes) + "\nselect * from (\n" + text + "\n) as answer"

    @property
    def _plain(self) -> bool:
        return self.snapshots_once and self.rows_named


def _body(name: str) -> str:
    return statement(f"{_FOLDER}/{name}")


def _read(relation: str, columns: pd.DataFrame) -> str:
    names = columns["column_name"].tolist()
    values = [f"{value} as {name}" for name, value in zip(names, columns["value"], strict=True)]
    faults = [
        f"{'null::text' if fault == 'null' else fault} as {name}_fault"
        for name, fault in zip(names, columns["fault"], strict=True)
    ]
    parts = ",\n    ".join([*values, *faults, "row_to_json(r)::text as whole"])
    # Only the contract's columns, in its order: what else there is, and where, counts for nothing.
    return f"select\n    {parts}\nfrom (select {', '.join(names)} from helpdesk.{relation}) as r"  # noqa: S608 (names of the contract)


def _refuse_what_is_missing(relation: str, columns: pd.DataFrame, server: str) -> None:
    missing = columns.loc[columns["found"].isna(), "column_name"]
    if not columns["there"].any():
        what = f"no table (that this user may read) helpdesk.{relation}"
    elif len(missing):
        what = f"helpdesk.{relation} has no column {_quoted(missing)}"
    else:
        return
    raise SourceError(
        f"{server}: {what} (adapter helpdesk). Expected by include/sql/sources/helpdesk/; see docs/adapters.md"
    )


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _unread(column: Mapping[Hashable, Any]) -> str:
    what = f'helpdesk.{column["relation"]}."{column["column_name"]}" has the type {column["found"]}, which is not read here'
    return what + (" before PostgreSQL 16" if column["needs_16"] else "")
