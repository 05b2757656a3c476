"""Whether the rows of captures are still those that their windows were loaded with.

A capture's rows may become visible in several commits, be mended, or be purged; its id does not tell. Rows that are there besides, or
are others, make windows due. Rows that are gone are lost evidence: what was loaded stays; unless a later look finds more rows than were
loaded, or other ones: then the capture was never whole, somebody has written it anew, and it is due like any other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from contact_audit.evidence.values import Codes
from contact_audit.log.audit_log import AuditLog
from contact_audit.log.loads import Held
from contact_audit.sources import Session
from contact_audit.sources.base import RecountingSession
from contact_audit.sources.extraction import Captures
from contact_audit.windows import Window, window_of

COLUMNS = ("snapshot_id", "row_count", "digest", "digest_version")
_NEWEST = 2
"""How many of the newest captures are counted again whatever their age."""


@dataclass(frozen=True)
class Rewritten:
    """What has become of captures' rows since they were loaded.

    Attributes:
        changed: ids of captures with more rows, or others.
        gone: id → how many rows are gone.
        back: ids of captures of which rows were gone, and are no longer: they have as many as were loaded, or more.
    """

    changed: frozenset[int]
    gone: Mapping[int, int]
    back: frozenset[int] = frozenset()


NOTHING = Rewritten(frozenset(), {})


def contents(session: Session, captures: Captures, ids: Codes, hours: float) -> pd.DataFrame:
    """COLUMNS: what the rows of captures come to now; with a digest for those younger than so many hours, by the newest capture."""
    if not isinstance(session, RecountingSession) or not len(ids):
        return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
    return session.contents(ids, np.intersect1d(ids, young(captures, hours))).astype(object)


def young(captures: Captures, hours: float) -> Codes:
    """Ids of the usable captures younger than so many hours, by the newest one: a replay of the past looks alike."""
    at = captures.usable["captured_at"]
    recent = captures.usable[at > at.max() - pd.Timedelta(hours=hours)] if len(at) else captures.usable
    return recent["snapshot_id"].to_numpy(np.int64)


def newest(captures: Captures, hours: float) -> Codes:
    """Ids of the captures that each sync looks at again."""
    last = captures.usable["snapshot_id"].to_numpy(np.int64)[-_NEWEST:]
    return np.union1d(last, young(captures, hours))


def known(log: AuditLog, ids: Codes) -> Codes:
    """Those captures of which it is known what they were loaded with: others are not worth reading."""
    frame = log.query("contents", captures=ids.tolist())
    return frame["snapshot_id"].to_numpy(np.int64) if len(frame) else np.zeros(0, np.int64)


def rewritten(log: AuditLog, now: pd.DataFrame) -> Rewritten:
    """Compare what captures' rows come to with what they were loaded with; captures without such a memory are left out."""
    then = log.query("contents", captures=[int(one) for one in now["snapshot_id"]])
    if not len(then):
        return NOTHING
    both = then.merge(now, on="snapshot_id", suffixes=("_then", ""))
    comparable = (both["digest_version"] == both["digest_version_then"]) & both["digest"].notna()
    other = comparable & (both["digest"] != both["digest_then"])
    fewer = both["row_count"] < both["row_count_then"]
    changed = both.loc[~fewer & (other | (both["row_count"] > both["row_count_then"])), "snapshot_id"]
    lost = both[fewer]
    gone = dict(zip(lost["snapshot_id"], lost["row_count_then"] - lost["row_count"], strict=True))
    back = both.loc[~fewer & (both["gone"].astype(np.int64) > 0), "snapshot_id"]
    return Rewritten(
        frozenset(map(int, changed)), {int(one): int(count) for one, count in gone.items()}, frozenset(map(int, back))
    )


def windows_of(captures: Captures, changed: frozenset[int]) -> set[Window]:
    """The windows of captures whose rows have changed, and those of the captures right after."""
    ids, moments = captures.usable["snapshot_id"].to_numpy(np.int64), captures.moments()
    places = np.flatnonzero(np.isin(ids, list(changed)))
    return {window_of(moments[place]) for one in places for place in (int(one), int(one) + 1) if place < len(moments)}


def keep_contents(log: AuditLog, held: Held, kept: set[str], run_id: str) -> None:
    """Remember what the rows of captures come to that a load has used: those of all windows but the ones kept as they were."""
    ends = [datetime.fromisoformat(end) for end in kept]
    used = held.captures.loc[~held.captures["window_end"].isin(ends), "snapshot_id"]
    rows = held.contents[held.contents["snapshot_id"].isin(used)]
    if len(rows):
        log.query(
            "keep_contents",
            captures=[int(one) for one in rows["snapshot_id"]],
            row_counts=[int(one) for one in rows["row_count"]],
            digests=rows["digest"].tolist(),
            digest_versions=rows["digest_version"].tolist(),
            run_id=run_id,
        )


def keep_gone(log: AuditLog, found: Rewritten) -> list[str]:
    """Remember the rows that are gone, and those that are back; a sentence for each capture of which some are gone."""
    now = {**dict.fromkeys(found.back, 0), **found.gone}
    if now:
        log.query("contents_gone", captures=list(now), gone=list(now.values()))
    return [
        f"capture {one}: {count:,} of its rows are gone since it was loaded (evidence lost); what was loaded is kept"
        for one, count in sorted(found.gone.items())
    ]


def without_gone(log: AuditLog, captures: Codes, found: Rewritten) -> Codes:
    """The captures but those of which rows are gone: what rests on them is not replaced by poorer. `found`: what a look at some found."""
    known = log.query("contents", captures=captures.tolist())
    gone = known.loc[known["gone"].astype(np.int64) > 0, "snapshot_id"].astype(np.int64)
    lost = np.union1d(np.setdiff1d(gone, list(found.back)), np.array([*found.gone], np.int64))
    return np.setdiff1d(captures, lost)
