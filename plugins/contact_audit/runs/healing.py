"""Healing: finding entries that became visible after the window they belong to was loaded, and entries that still wait.

Judged by the source's own recorded_at against what earlier loads could see, with an overlap for long transactions.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from contact_audit.log.audit_log import AuditLog
from contact_audit.runs.planning import ends_of, windows_touched
from contact_audit.settings import Settings
from contact_audit.sources import Session
from contact_audit.sources.base import Clock
from contact_audit.sources.extraction import Captures
from contact_audit.windows import LONG_AGO, Window, window_of

FAR_AHEAD = datetime(9999, 1, 1, tzinfo=UTC)


def seen_until(log: AuditLog, state: dict[str, Any], overlap: timedelta, clock: Clock) -> datetime:
    """The recorded_at up to which every load has seen the journal, less the overlap; never later than the source's clock.

    A mark that lies in the source's future is none: an earlier version took a journal's word for it, and everything is looked at again.
    """
    since = log.query("unhealed", after=int(state["healed_ledger_sequence"]), clock=clock.server).iloc[0]
    healed = state["healed_recorded_at"]
    once_marked = int(state["healed_ledger_sequence"]) > 0
    if since["blind"] or in_the_future(healed, clock) or (healed is None and (once_marked or not since["loads"])):
        return LONG_AGO
    known: list[datetime] = [moment for moment in (healed, since["newest_recorded_at"]) if moment is not None]
    return min(*known, clock.until) - overlap


def in_the_future(mark: datetime | None, clock: Clock) -> bool:
    """Whether a mark is later than the source's server says it is."""
    return mark is not None and mark > clock.server


def clock_notes(state: dict[str, Any], clock: Clock) -> list[str]:
    """What is to be told of entries, and of a mark, that lie in the source's future."""
    notes: list[str] = []
    if clock.ahead:
        say = "journal entry says that it" if clock.ahead == 1 else "journal entries say that they"
        notes.append(
            f"{clock.ahead:,} {say} became visible later than the source's clock, {clock.server:%Y-%m-%d %H:%M:%S} UTC "
            "(recorded_at): used like any other, but how far the journal was seen is not taken from there"
        )
    if in_the_future(state["healed_recorded_at"], clock):
        notes.append(
            f"how far late entries were looked for, {state['healed_recorded_at']:%Y-%m-%d %H:%M} UTC, lies in the source's future: "
            "the whole journal is looked at again"
        )
    return notes


def late_windows(
    session: Session,
    log: AuditLog,
    captures: Captures,
    loaded: pd.DataFrame,
    recorded_after: datetime,
    settings: Settings,
) -> set[Window]:
    """The loaded windows that entries belong to which became visible after a moment and are not accounted for yet."""
    if not len(loaded) or not len(captures.usable):
        return set()
    there = {Window(end) for end in ends_of(loaded)}
    # A pair begins with the capture before the first window, however long ago that was.
    moments = captures.moments()
    first = min(there).start
    begin = max((moment for moment in moments if moment <= first), default=first)
    begin -= settings.skew + timedelta(microseconds=1)
    until = min(moments[-1], max(there).end) + settings.skew
    late = session.late_entries(recorded_after, begin, until)
    touched = [some & there for some in windows_touched(late["occurred_at"], captures, settings.skew)]
    candidates = set().union(*touched)
    if not candidates:
        return set()
    accounted = set(log.evidence(candidates)["entry_id"])
    return {
        window
        for entry_id, some in zip(late["entry_id"], touched, strict=True)
        if entry_id not in accounted
        for window in some
    }


def waiting(session: Session, log: AuditLog, captures: Captures, skew: timedelta) -> tuple[int, datetime | None]:
    """How many entries wait for the next capture (rule 9's cut included), and since when."""
    if not len(captures.usable):
        return 0, None
    newest = captures.moments()[-1]
    entries = session.late_entries(LONG_AGO, newest - skew - timedelta(microseconds=1), FAR_AHEAD)
    later = entries["occurred_at"] > pd.Timestamp(newest)
    window = window_of(newest)
    before = Window(window.start)
    accounted = np.unique(log.evidence([window, before])["entry_id"].to_numpy(np.int64))
    left = entries[~entries["entry_id"].isin(accounted)]
    if not len(log.loaded(window.start, window.end)):
        left = entries[later]  # the newest capture itself is not loaded yet: nothing says how it is cut
    return len(left), left["occurred_at"].min().to_pydatetime() if len(left) else None
