"""Checking a live source: each of its queries run with a small limit, and what would keep the runs from reading it, or surprise them."""

import time
from datetime import timedelta
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa

from contact_audit.errors import ContactAuditError
from contact_audit.sources.checking import MOST, Found, check_server, told
from contact_audit.sources.live import LiveReads
from contact_audit.sources.live_journal import COLUMNS, MAYBE, Ends, entries
from contact_audit.sources.store import LiveSource

_CONTACTS = {
    "contact_id": pa.int64(),
    "account_id": pa.int64(),
    "name": pa.string(),
    "email": pa.string(),
    "primary_phone": pa.string(),
    "custom_fields": pa.string(),
    "created_at": pa.timestamp("us", "UTC"),
    "deleted": pa.bool_(),
    "in_scope": pa.bool_(),
    "merged_into": pa.int64(),
}
_ROWS = {"entry_id": pa.int64(), "contact_id": pa.int64(), "occurred_at": pa.timestamp("us", "UTC"), "raw": pa.string()}
_FIELDS = {"account_id": pa.int64(), "field": pa.string(), "label": pa.string(), "field_type": pa.string()}
_YEAR = timedelta(days=365)
_SLOW = 1.0
"""From so many seconds on, a look-up that should be one of an index is told."""
_SPANS = (10_000, 1_000_000, 2**62)


def check_live(source: LiveSource) -> Found:
    """Everything that can be said of a live source before its first run. Raises SourceError where it cannot be reached."""
    found = Found()
    rows_about = check_server(source.dsn, source.live.requires, found, source.schema)
    with source.reads(checked=False) as reads:
        missing = reads.missing_columns()
        if missing:
            found.wrong += [f"{one} (adapter {source.adapter}, another version of the helpdesk?)" for one in missing]
            return found
        for check in (_check_contacts, _check_journal, _check_fields):
            try:
                check(source, reads, found)
            except ContactAuditError as error:
                found.wrong.append(str(error))
                return found
    for relation, rows in rows_about.items():
        if rows < 0:
            found.notes.append(
                f"{relation} was never analyzed: analyze {relation} helps the server to find the rows that differ"
            )
    return found


def _check_contacts(_: LiveSource, reads: LiveReads, found: Found) -> None:
    table = reads.sample("some_contacts", "contacts", most=MOST)
    if not _has_columns("contacts.sql", table, _CONTACTS, found):
        return
    if not table.num_rows:
        found.wrong.append(
            "there is no contact at all: is this the right database and schema (CONTACT_AUDIT_SOURCE_SCHEMA)?"
        )
        return
    frame = table.to_pandas()
    for column in ("contact_id", "account_id", "deleted", "in_scope"):
        if nulls := int(frame[column].isna().sum()):
            found.wrong.append(f"contacts.sql gives {nulls} of {len(frame)} rows without {column}")
    if twice := int(frame["contact_id"].duplicated().sum()):
        found.wrong.append(f"contacts.sql gives {twice} of {len(frame)} contacts more than once")
    odd = table["custom_fields"].to_pandas().dropna().map(lambda text: not text.startswith("{"))
    if int(odd.sum()):
        found.wrong.append(f"custom_fields of {int(odd.sum())} of {len(frame)} contacts is no object")
    without = int(frame["created_at"].isna().sum())
    if without:
        found.notes.append(
            f"{without} of {len(frame)} contacts do not say when they were created: their births are dated by captures"
        )
    begun = time.monotonic()
    persons = 0
    with reads.fingerprints() as batches:
        for batch in batches:
            persons += batch.num_rows
    seconds = time.monotonic() - begun
    begun = time.monotonic()
    for _table in reads.some_contacts(frame["contact_id"].dropna().to_numpy(np.int64)[:10]):
        pass
    looked_up = time.monotonic() - begun
    if looked_up > _SLOW:
        found.notes.append(
            f"looking up ten contacts by their ids takes {looked_up:.1f} s of each run: no index leads to them"
        )
    found.notes.append(
        f"{persons:,} persons, {int(frame['in_scope'].sum())} of the {len(frame)} looked at being contacts; comparing all of them takes "
        f"about {seconds:.1f} s of each run"
    )


def _check_journal(source: LiveSource, reads: LiveReads, found: Found) -> None:
    newest, about = reads.newest()
    if newest is None:
        found.notes.append("the journal is empty: who changed a contact will not be known")
        return
    table = pa.table({})
    begun = time.monotonic()
    for span in _SPANS if source.live.entry_ids == "source" else _SPANS[-1:]:
        begun = time.monotonic()
        table = reads.sample("some_rows", "journal", most=MOST, after=max(newest - span, -(2**62)))
        if table.num_rows >= min(MOST, about):
            break
    seconds = time.monotonic() - begun
    begun = time.monotonic()
    with reads.journal(newest) as batches:
        for _batch in batches:
            pass
    again = time.monotonic() - begun
    if again > _SLOW:
        found.notes.append(
            f"reading what is new in the journal takes {again:.1f} s of each run, though nothing is: its ids have no index"
        )
    if not _has_columns("journal.sql", table, _ROWS, found) or not table.num_rows:
        return
    frame = table.to_pandas().sort_values("entry_id", ignore_index=True)
    for column in ("entry_id", "contact_id", "occurred_at"):
        if nulls := int(frame[column].isna().sum()):
            found.notes.append(
                f"{nulls} of the {len(frame)} newest journal rows have no {column}: they are kept, and tell nothing"
            )
    frame = frame.dropna(subset=["entry_id", "contact_id", "occurred_at"])
    if frame["entry_id"].duplicated().any():
        found.wrong.append("journal.sql gives an entry_id more than once")
    ahead = int((frame["occurred_at"] > pd.Timestamp(reads.moment())).sum())
    if ahead:
        found.notes.append(
            f"{ahead} of the {len(frame)} newest journal rows lie in the server's future: another clock, or local time read as UTC"
        )
    disorder = int((np.diff(frame["occurred_at"].to_numpy("datetime64[us]")) < np.timedelta64(0)).sum())
    if disorder:
        found.notes.append(
            f"{disorder} of the {len(frame)} newest journal rows are older than the row before: committed late, or imported"
        )
    _growth(frame, about, seconds, found)
    raw = frame.assign(raw=[orjson.loads(one) for one in frame["raw"]])
    rows = source.live.rows(raw.astype({"entry_id": "int64", "contact_id": "int64"}).reset_index(drop=True))
    noise = len(raw) - rows["entry_id"].nunique()
    if noise:
        found.notes.append(
            f"{noise} of the {len(raw)} newest journal rows would be noise: they touch nothing that is audited"
        )
    missing = [column for column in COLUMNS if column not in rows and column not in MAYBE]
    if missing:
        found.wrong.append(f"the adapter's rows lack {', '.join(missing)}")
        return
    settled = entries(rows.reindex(columns=[*COLUMNS]), Ends({}, {}, first=True), source.live.empty_is_null)
    unknown = int(settled["author_type"].isna().sum())
    if unknown:
        found.notes.append(f"of {unknown} of the {len(settled)} newest entries nobody knows the author")
    found.samples += told(settled.sort_values(["occurred_at", "entry_id"]).tail(5).iloc[::-1])


def _growth(frame: pd.DataFrame, about: int, seconds: float, found: Found) -> None:
    span = frame["occurred_at"].max() - frame["occurred_at"].min()
    size = int(frame["raw"].str.len().mean()) + 100
    a_year = int(len(frame) * (_YEAR / span)) if span > pd.Timedelta(0) else 0
    text = f"about {about:,} journal rows, copied once: some {about * size / 1e6:,.0f} MB and {about / max(len(frame), 1) * seconds:,.0f} s"
    if a_year:
        text += f"; about {a_year:,} a year more, {a_year * size / 1e6:,.0f} MB"
    found.notes.append(text)


def _check_fields(_: LiveSource, reads: LiveReads, found: Found) -> None:
    table = reads.fields()
    if not _has_columns("fields.sql", table, _FIELDS, found):
        return
    names = table["field"].to_pylist()
    wrong = [name for name in names if not str(name).startswith("custom_fields.")]
    if wrong:
        found.wrong.append(f"fields.sql names {wrong[0]!r}, which does not begin with custom_fields.")
    found.notes.append(
        f"{len(names)} custom fields" + (f": {', '.join(name[14:] for name in names[:10])}" if names else "")
    )
    newest = reads.newest()[0]
    if newest is not None and newest not in reads.entries_there([newest]).tolist():
        found.wrong.append(f"entries_there.sql does not find the entry {newest}, which newest.sql says is there")


def _has_columns(name: str, table: pa.Table, expected: dict[str, Any], found: Found) -> bool:
    there = dict(zip(table.schema.names, table.schema.types, strict=True))
    missing = [column for column in expected if column not in there]
    if missing:
        found.wrong.append(f"{name} gives no column {', '.join(missing)}")
    kinds = {
        column: there[column] for column in expected if column in there and not _fits(there[column], expected[column])
    }
    found.wrong += [f"{name} gives {column} as {kind}, not as {expected[column]}" for column, kind in kinds.items()]
    return not missing and not kinds


def _fits(kind: pa.DataType, expected: pa.DataType) -> bool:
    if pa.types.is_string(expected):
        return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
    if pa.types.is_timestamp(expected):
        return bool(pa.types.is_timestamp(kind) and kind.tz is not None)
    return bool(kind == expected or (pa.types.is_integer(expected) and pa.types.is_integer(kind)))
