"""Copying the journal at first sight: which of its rows are new, and whether it is still the journal that was copied before.

Rows become visible late, so some ids are read again. A restored backup gives ids a second time: then nothing is copied until somebody
decides.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from contact_audit.evidence.values import Codes
from contact_audit.sources.live import LiveReads
from contact_audit.sources.taking import Store

_AGAIN = 1_000
"""So many of the newest rows are read again, however old, beside those of the overlap."""

_BEFORE_ALL = -(2**62)


@dataclass(frozen=True)
class Copied:
    """What copying came to.

    Attributes:
        newest: the source's greatest entry id, None where it has none.
        clash: what says that this is another journal than before, in words; None where nothing does.
    """

    newest: int | None
    clash: str | None


def went_back(store: Store, reads: LiveReads, newest: dict[str, Any], there: Codes) -> str | None:
    """Whether the journal ends before rows that were copied, though their contacts are there (`there`: ids): a restored backup.

    A contact's destruction may take its rows along, the newest among them, and a purge may take all; that is none.
    """
    before, (now, _) = newest["newest_entry_id"], reads.newest()
    if before is None or now is None or now >= before:
        return None
    lost = store.query("vanished", epoch=int(newest["epoch"]), beyond=now)
    if not np.isin(lost["contact_id"].to_numpy(np.int64), there).any():
        return None
    return (
        f"the journal's greatest id is {now}, and was {before} at capture {newest['snapshot_id']}: a restored backup, it seems. "
        "Accepting begins a new count of its ids"
    )


def copy(
    store: Store, reads: LiveReads, newest: dict[str, Any] | None, epoch: int, overlap: timedelta, there: Codes
) -> Copied:
    """Bring the rows that were never seen into incoming_rows. A transaction that was open at the newest capture had begun at most `overlap`
    before it: its rows are found by reading the ids since then again.
    """
    opened = newest is not None and epoch > int(newest["epoch"])
    after = _BEFORE_ALL
    greatest, _ = reads.newest()
    if newest is not None and not opened:
        before = newest["captured_at"] - overlap
        known_until = (store.row("known_until", epoch=epoch, before=before, less=_AGAIN) or {})["entry_id"]
        after = _BEFORE_ALL if known_until is None else min(int(known_until), greatest or _BEFORE_ALL) - 1
    known = _known(store, after, epoch) if newest is not None else None
    clash: str | None = None
    with reads.journal(after) as batches:
        for batch in batches:
            frame = _plain(pa.Table.from_batches([batch]))
            if known is not None and len(frame):
                clash = clash or _clash(frame, known, there)
                frame = frame[~_is_known(frame, known)]
            if len(frame):
                store.copy("incoming_rows", [pa.Table.from_pandas(frame, preserve_index=False)])
    return Copied(greatest, clash)


def _known(store: Store, after: int, epoch: int) -> pd.DataFrame:
    """entry_id, contact_id, occurred_at (µs), mine (of this epoch) of the known rows after an id, by id."""
    frame = store.query("known_rows", after=after)
    moments = pd.to_datetime(frame["occurred_at"], utc=True)
    known = pd.DataFrame(
        {
            "entry_id": frame["entry_id"].astype("int64"),
            "contact_id": frame["contact_id"].astype("Int64").fillna(-1).astype("int64"),
            "moment": _microseconds(moments),
            "mine": (frame["epoch"].astype("int64") == epoch).to_numpy(),
        }
    )
    return known.sort_values("entry_id", ignore_index=True)


def _plain(table: pa.Table) -> pd.DataFrame:
    frame = pd.DataFrame({name: table[name].to_pandas() for name in ("entry_id", "occurred_at", "raw")})
    frame["contact_id"] = table["contact_id"].to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    return frame


def _keys(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "entry_id": frame["entry_id"].astype("int64"),
            "contact_id": frame["contact_id"].fillna(-1).astype("int64"),
            "moment": _microseconds(frame["occurred_at"]),
        },
        index=frame.index,
    )


def _is_known(frame: pd.DataFrame, known: pd.DataFrame) -> "np.typing.NDArray[np.bool_]":
    """Which rows were copied: by their id in this epoch; as the same row in an earlier one."""
    mine = frame["entry_id"].isin(known.loc[known["mine"], "entry_id"]).to_numpy()
    if known["mine"].all():
        return mine
    same = _keys(frame).merge(known[["entry_id", "contact_id", "moment"]].drop_duplicates(), how="left", indicator=True)
    found: np.typing.NDArray[np.bool_] = mine | (same["_merge"] == "both").to_numpy()
    return found


def _clash(frame: pd.DataFrame, known: pd.DataFrame, there: Codes) -> str | None:
    """A known id with another moment, or another contact though the one it had is there: a merge moves rows of who is gone."""
    both = _keys(frame).merge(known[known["mine"]], on="entry_id", suffixes=("", "_then"))
    moved = (both["contact_id"] != both["contact_id_then"]) & both["contact_id_then"].isin(there)
    other = both[moved | (both["moment"] != both["moment_then"])]
    if not len(other):
        return None
    first = other.iloc[0]
    what = "contact" if first["contact_id"] != first["contact_id_then"] else "moment"
    return (
        f"journal row {first['entry_id']} has another {what} than when it was copied (one of {len(other)} such): a restored backup, it "
        "seems. Accepting begins a new count of its ids"
    )


def _microseconds(moments: "pd.Series[Any]") -> Codes:
    """µs since 1970; the least number where there is no moment."""
    found: Codes = moments.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]").astype(np.int64)
    return found
