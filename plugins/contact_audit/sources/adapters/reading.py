"""What every adapter's `rows` does with the raw journal: dicts to columns, columns to items, and the columns that must come out.

Raw rows are dicts as they were copied at first sight; from there on it is columns.
"""

from collections.abc import Iterable
from typing import Any

import pandas as pd

COLUMNS = [
    *("entry_id", "contact_id", "account_id", "occurred_at", "action", "author_type", "author_id", "author_name"),
    *("ip_address", "channel", "on_behalf_of", "merged_into", "items"),
]
"""What `rows` returns, one row per journal row that counts."""

Item = dict[str, Any]


def spread(raw: pd.Series, names: Iterable[str]) -> pd.DataFrame:
    """The named keys of dicts as object columns, null where one lacks it; index as `raw`."""
    rows = raw.tolist()
    return pd.DataFrame(
        {name: pd.Series([row.get(name) for row in rows], index=raw.index, dtype=object) for name in names}
    )


def text(column: pd.Series) -> pd.Series:
    """Values as text, object dtype, null where null: ids of authors."""
    return column.map(lambda value: None if value is None else str(value)).astype(object)


def behalf(ids: pd.Series, names: pd.Series) -> pd.Series:
    """In whose name an author acted, as on_behalf_of has it: Ann Agent (17), or what is known of that; null without an id."""
    named = names.where(names.fillna("") != "", None)
    whole = named.map(lambda name: "" if name is None else f"{name} ") + ids.map(lambda one: f"({one})")
    return whole.where(ids.notna(), None).astype(object)


def finished(raw: pd.DataFrame, columns: pd.DataFrame, counts: pd.Series) -> pd.DataFrame:
    """COLUMNS of the rows that count: what `columns` gives, over what all rows have; null where it gives nothing.

    raw: entry_id, contact_id, occurred_at. columns: any of COLUMNS, same index. counts: bool, same index.
    """
    given = {name: columns[name] for name in COLUMNS if name in columns}
    common = {"account_id": pd.Series(0, index=raw.index, dtype="int64")}
    base = {name: raw[name] for name in ("entry_id", "contact_id", "occurred_at")}
    empty = {name: pd.Series([None] * len(raw), index=raw.index, dtype=object) for name in COLUMNS}
    frame = pd.DataFrame({**empty, **common, **base, **given}, columns=COLUMNS, index=raw.index)
    loose = COLUMNS[COLUMNS.index("action") :]
    frame[loose] = frame[loose].astype(object).where(frame[loose].notna(), None)
    return frame[counts.astype(bool)].reset_index(drop=True)
