"""Never poorer: which windows of a load keep their rows, because the new evidence lacks what these rest on.

Sources forget. What was once seen stays in the log, and nothing that it tells is told a second time beside it.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import pandas as pd

from contact_audit.evidence.values import Codes
from contact_audit.log.audit_log import AuditLog
from contact_audit.log.loads import Load, Rows
from contact_audit.windows import LENGTH, LONG_AGO, Window, window_of


@dataclass(frozen=True)
class Kept:
    """The windows that keep their rows, by their ends.

    Attributes:
        lost: how many captures and entries each rests on that the source no longer has; both 0 where a window is kept only because its
            entries would otherwise stand in it and in such a one, or in neither.
        newer: those that another run has loaded with newer evidence meanwhile.
    """

    lost: Mapping[datetime, dict[str, int]]
    newer: set[datetime]


def kept_windows(log: AuditLog, load: Load, there: list[datetime], entries_there: Callable[[Codes], Codes]) -> Kept:
    """Compare what the windows' rows rest on with what the load has; `there`: ends of the windows that have rows."""
    rests = log.evidence(Window(end) for end in there)
    unseen = rests[~rests["entry_id"].isin(load.entries_seen)]
    ids = unseen["entry_id"].unique()
    still = entries_there(ids) if len(ids) else ids
    gone = unseen[~unseen["entry_id"].isin(still)].drop_duplicates()
    entries = Counter(gone["window_end"].dt.to_pydatetime())
    captures = _lost_captures(log, load, there)
    ends = {*captures, *entries}
    lost = {end: {"captures": len(captures.get(end, ())), "entries": entries[end]} for end in sorted(ends)}
    for end in sorted(_entangled(load, rests, ends)):
        lost[end] = {"captures": 0, "entries": 0}
    return Kept(lost, _newer(log, load, there, unseen.loc[unseen["entry_id"].isin(still), "window_end"]))


def _lost_captures(log: AuditLog, load: Load, there: list[datetime]) -> dict[datetime, set[int]]:
    """The captures that each loaded window rests on and that are gone.

    A 'changed' capture builds on those before it, back to a full one, and the entries of a lost one would move on to the next pair: so
    all windows are concerned from that of the lost capture to that of the next full one, as they were loaded, even those without rows.
    """
    known = set(load.held.every.tolist())
    full = set(load.held.captures.loc[load.held.captures["full"], "snapshot_id"].tolist())
    begin, since = load.windows[0].start, LONG_AGO
    if load.held.last_full is not None:
        full.add(load.held.last_full[0])
        since = window_of(load.held.last_full[1]).start
    lost: dict[datetime, set[int]] = {}
    since_full: set[int] = set()
    loaded = log.loaded(since, load.windows[-1].end)
    for end, captures in zip(loaded["window_end"].dt.to_pydatetime(), loaded["captures"], strict=True):
        since_full |= set(captures) - known
        if since_full and end > begin:
            lost[end] = set(since_full)
        last = max((place for place, one in enumerate(captures) if one in full), default=None)
        if last is not None:
            since_full = set(captures[last:]) - known
    pairs = log.query("pairs", windows=there)
    for end, snapshot_id in zip(pairs["window_end"], pairs["snapshot_id"], strict=True):
        if snapshot_id not in known:
            lost.setdefault(end, set()).add(snapshot_id)
    return lost


def _entangled(load: Load, rests: pd.DataFrame, kept: set[datetime]) -> set[datetime]:
    """The other windows that share an entry with the kept ones: it has moved from one to the other (rule 9)."""
    if not kept:
        return set()
    comes = told_entries(load.rows)
    every = set(kept)
    while True:
        stay_old, stay_new = rests["window_end"].isin(list(every)), comes["window_end"].isin(list(every))
        told = comes["entry_id"].isin(rests.loc[stay_old, "entry_id"]) & ~stay_new
        untold = rests["entry_id"].isin(comes.loc[stay_new, "entry_id"]) & ~stay_old
        more = {*comes.loc[told, "window_end"], *rests.loc[untold, "window_end"]}
        if not more:
            return every - kept
        every |= set(pd.DatetimeIndex(list(more)).to_pydatetime())


def told_entries(rows: Rows) -> pd.DataFrame:
    """window_end, entry_id: the journal entries that rows tell of, whether with an event or without."""
    events = rows.events
    several = events[events["candidates"].notna()]
    candidates = several.assign(entry_id=several["candidates"].map(orjson.loads)).explode("entry_id")
    frames = [
        events.rename(columns={"journal_entry_id": "entry_id"}),
        candidates,
        rows.entries_without_event,
        rows.rejected,
    ]
    told = pd.concat([frame[["window_end", "entry_id"]].astype({"entry_id": object}) for frame in frames])
    return told.dropna().astype({"entry_id": np.int64})


def _newer(log: AuditLog, load: Load, there: list[datetime], unread: "pd.Series[Any]") -> set[datetime]:
    """Windows with an entry that is still there and yet was not read: it became visible after this run had read, and another run
    was faster.
    """
    seen_until = load.reached.recorded_at
    if seen_until is None or not there:
        return set()
    loaded = log.loaded(min(there) - LENGTH, max(there))
    # What lies after the source's clock, earlier versions took from a journal that said so: it is no sign of a faster run.
    clock = load.reached.clock
    later = loaded["newest_recorded_at"].map(lambda seen: seen is not None and seen_until < seen <= clock).astype(bool)
    return set(loaded.loc[later, "window_end"].dt.to_pydatetime()) & set(unread.dt.to_pydatetime())
