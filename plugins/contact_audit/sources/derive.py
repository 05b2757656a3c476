"""Deriving contract entries from the raw journal rows, capture by capture: once when they are copied, and anew under `force`.

The raw copy stays, so that a fault of an adapter can be mended later by its next version.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa

from contact_audit import model
from contact_audit.sources.live import Adapter
from contact_audit.sources.live_journal import COLUMNS, Ends, State, captures_decide, entries
from contact_audit.sources.taking import FOLDER, Store
from contact_audit.sql import statement

_AT_ONCE = 20_000
_TEXTS = ("action", "author_type", "author_id", "author_name", "ip_address", "channel", "on_behalf_of", "changes")
EPOCH_BITS = 48
"""From the second epoch on, its number stands above these bits of an entry's id; ids derived from moments need none."""


@dataclass
class Derivation:
    """What deriving came to: how many entries, and how many values before the first capture are no proof."""

    entries: int = 0
    unproven: int = 0


def derive_entries(store: Store, adapter: Adapter, only: int | None = None) -> Derivation:
    """Write captures.contact_journal anew from the raw rows: of one capture, or of all."""
    result = Derivation()
    captures = store.query("captures_to_derive", only_one=only)
    for row in captures.to_dict("records"):
        snapshot_id, previous = int(row["snapshot_id"]), None if row["previous_id"] is None else int(row["previous_id"])
        if only is not None and snapshot_id != only:
            continue
        store.query("forget_entries", snapshot_id=snapshot_id)
        for raw in _raw_rows(store, snapshot_id):
            found = adapter.rows(raw)
            if not len(found):
                continue
            ends = _ends(store, found, snapshot_id, previous)
            told = entries(found.reindex(columns=[*COLUMNS]), ends, adapter.empty_is_null)
            if previous is None:
                result.unproven += _unproven(found, told)
            result.entries += len(told)
            _write(store, told, row, adapter)
    return result


def _raw_rows(store: Store, snapshot_id: int) -> Iterator[pd.DataFrame]:
    """entry_id, contact_id, occurred_at, raw of the rows that a capture saw first; all of a contact come together."""
    kept: list[tuple[Any, ...]] = []
    with store.connection.cursor(name="raw_rows") as cursor:
        cursor.execute(statement(f"{FOLDER}/raw_rows"), {"snapshot_id": snapshot_id})
        while rows := cursor.fetchmany(_AT_ONCE):
            last = rows[-1][1]
            if rows[0][1] == last and (not kept or kept[-1][1] == last):
                kept += rows
                continue
            border = next(place for place in range(len(rows), 0, -1) if rows[place - 1][1] != last)
            yield _raw_frame(kept + rows[:border])
            kept = rows[border:]
    if kept:
        yield _raw_frame(kept)


def _raw_frame(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["entry_id", "contact_id", "occurred_at", "raw"], dtype=object)
    # What names no contact, or no moment, can be no entry; the raw row stays.
    frame = frame[frame["contact_id"].notna() & frame["occurred_at"].notna()].reset_index(drop=True)
    return pd.DataFrame(
        {
            "entry_id": frame["entry_id"].astype("int64"),
            "contact_id": frame["contact_id"].astype("int64"),
            "occurred_at": pd.to_datetime(frame["occurred_at"], utc=True).astype("datetime64[us, UTC]"),
            "raw": pd.Series([orjson.loads(text) for text in frame["raw"]], dtype=object),
        }
    )


def _ends(store: Store, found: pd.DataFrame, snapshot_id: int, previous: int | None) -> Ends:
    before: dict[int, State] = {}
    after: dict[int, State] = {}
    told = found.loc[[captures_decide(items) for items in found["items"]], "contact_id"]
    if previous is not None and len(told):
        names = dict[str, str]()
        rows = store.rows("ends", contacts=told.unique().tolist(), snapshot_id=snapshot_id, previous_id=previous)
        for contact, is_after, *values, custom_fields in rows:  # contacts whose values the journal tells, twice
            state: dict[str, Any] = dict(zip(model.BUILT_IN_FIELDS, values, strict=True))
            for name, value in orjson.loads(custom_fields).items():
                state[names.get(name) or names.setdefault(name, model.CUSTOM_FIELD_PREFIX + name)] = value
            (after if is_after else before)[contact] = state
    return Ends(before, after, previous is None)


def _unproven(found: pd.DataFrame, told: pd.DataFrame) -> int:
    """How many items said more than a field's name and are no proof."""
    said = sum(len(item) > 1 for items in found["items"] if isinstance(items, list) for item in items)
    proven = sum(len(item) > 1 for text in told["changes"].dropna() for item in orjson.loads(text))
    return max(0, said - proven)


def _write(store: Store, told: pd.DataFrame, capture: Mapping[Any, Any], adapter: Adapter) -> None:
    offset = (int(capture["epoch"]) - 1) << EPOCH_BITS if adapter.entry_ids == "source" else 0
    frame = told.assign(
        entry_id=told["entry_id"].to_numpy(np.int64) + offset,
        recorded_at=pd.Timestamp(capture["captured_at"]),
        seen_snapshot_id=int(capture["snapshot_id"]),
    )
    for name in _TEXTS:
        frame[name] = frame[name].astype("string[pyarrow]")
    frame["account_id"] = frame["account_id"].astype("Int64").fillna(0)
    frame["merged_into"] = frame["merged_into"].astype("Int64")
    store.copy("captures.contact_journal", [pa.Table.from_pandas(frame, preserve_index=False)])
