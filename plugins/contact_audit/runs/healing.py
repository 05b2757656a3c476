"""Healing: finding entries that became visible after the window they belong to was loaded, and entries that still wait.

Judged by the source's own recorded_at against what earlier loads could see, with an overlap for long transactions.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from contact_audit.evidence.states import with_faults
from contact_audit.evidence.values import Codes
from contact_audit.log.audit_log import AuditLog
from contact_audit.runs.planning import ends_of, windows_touched
from contact_audit.settings import Settings
from contact_audit.sources import Session
from contact_audit.sources.base import Clock, JudgingSession
from contact_audit.sources.extraction import Captures
from contact_audit.windows import LONG_AGO, Window, window_of, windows_between

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
    suspects = _unusable(log) if isinstance(session, JudgingSession) else np.zeros(0, np.int64)
    # Entries of contacts whose history has not begun wait for no capture (rule 8).
    until = (max(there).end if len(suspects) else min(moments[-1], max(there).end)) + settings.skew
    late = session.late_entries(recorded_after, begin, until)
    touched = windows_touched(late["occurred_at"], captures, settings.skew)
    across = _across(session, captures, late, suspects, settings.skew)
    touched = [(some | across.get(row, set())) & there for row, some in enumerate(touched)]
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


def _across(
    session: Session, captures: Captures, late: pd.DataFrame, suspects: Codes, skew: timedelta
) -> dict[int, set[Window]]:
    """By the row of an entry whose contact the next capture may have no usable row of (`suspects`): the windows of its own moment, and
    of the capture that knows the contact again.
    """
    suspect = np.flatnonzero(np.isin(late["contact_id"].to_numpy(np.int64), suspects))
    if not len(suspect) or not isinstance(session, JudgingSession):
        return {}
    moments = late["occurred_at"].iloc[suspect]
    found = {row: {window_of(moment.to_pydatetime())} for row, moment in zip(suspect.tolist(), moments, strict=True)}
    before = captures.usable["captured_at"].searchsorted(moments + skew, side="right") - 1
    for place in np.unique(before[before >= 0]).tolist():
        rows = suspect[before == place]
        contacts = late["contact_id"].iloc[rows].to_numpy(np.int64)
        known = _next_known(session, captures, place, contacts)
        for row, contact in zip(rows.tolist(), contacts.tolist(), strict=True):
            found[row] |= {window_of(known[contact])} if contact in known else set()
    return found


def windows_across(session: Session, log: AuditLog, captures: Captures, changed: set[Window]) -> set[Window]:
    """The windows that rest on other captures or rows than before besides the `changed` ones themselves: where a contact of which these
    captures have, or had, a row that cannot be used is known again, so that its pair ends there.
    """
    if not changed or not isinstance(session, JudgingSession):
        return set()
    windows = [window_of(moment) for moment in captures.moments()]
    places = [place for place, window in enumerate(windows) if window in changed]
    ids = captures.usable["snapshot_id"].to_numpy(np.int64)[places]
    rows = session.unusable_rows(ids)["contact_id"].drop_null().to_numpy()
    contacts = np.union1d(_unusable(log), rows)
    found: set[Window] = set()
    for place in places if len(contacts) else []:
        known = _next_known(session, captures, place, contacts)
        found |= {window_of(moment) for moment in known.values()}
        if (
            place == 0
        ):  # what entries tell of the time before a contact's history starts stands in all windows until then
            last = max(known.values()) if len(known) == len(contacts) else captures.moments()[-1]
            found |= {window for window in windows if window.end <= window_of(last).end}
    return found


def _unusable(log: AuditLog) -> Codes:
    frame = log.query("unusable_contacts")
    return frame["contact_id"].to_numpy(np.int64) if len(frame) else np.zeros(0, np.int64)


def _next_known(session: JudgingSession, captures: Captures, place: int, contacts: Codes) -> dict[int, datetime]:
    known = session.next_known(captures.moments()[place], np.unique(contacts), captures.ignored)
    return dict(zip(known["contact_id"].tolist(), known["known_at"].dt.to_pydatetime(), strict=True))


def waiting(session: Session, log: AuditLog, captures: Captures, skew: timedelta) -> tuple[int, datetime | None]:
    """How many entries wait for the next capture (rule 9's cut included), or for one with a usable row of their contact, and since when."""
    if not len(captures.usable):
        return 0, None
    newest = captures.moments()[-1]
    entries = session.late_entries(LONG_AGO, newest - skew - timedelta(microseconds=1), FAR_AHEAD)
    later = entries["occurred_at"] > pd.Timestamp(newest)
    window = window_of(newest)
    before = Window(window.start)
    own = {window_of(moment.to_pydatetime()) for moment in entries["occurred_at"]}
    accounted = np.unique(log.evidence({window, before} | own)["entry_id"].to_numpy(np.int64))
    left = entries[~entries["entry_id"].isin(accounted)]
    if not len(log.loaded(window.start, window.end)):
        left = entries[later]  # the newest capture itself is not loaded yet: nothing says how it is cut
    across = _waiting_across(session, log, captures)
    told = pd.concat([left[["entry_id", "occurred_at"]], across]) if len(across) else left
    told = told.drop_duplicates("entry_id")
    return len(told), told["occurred_at"].min().to_pydatetime() if len(told) else None


def _waiting_across(session: Session, log: AuditLog, captures: Captures) -> pd.DataFrame:
    """entry_id, occurred_at of the entries until the newest capture whose contacts it has no usable row of."""
    nothing = pd.DataFrame({"entry_id": [], "occurred_at": []})
    contacts = _unusable(log)
    if not len(contacts) or not isinstance(session, JudgingSession):
        return nothing
    newest = len(captures.usable) - 1
    states = with_faults(session.states_at(captures.usable, newest, contacts, captures.ignored))
    unknown = states.filter(pc.is_valid(states["fault"]))["contact_id"].to_numpy()
    known = session.last_known(captures.usable, newest, unknown, captures.ignored).dropna(subset=["known_at"])
    if not len(known):
        return nothing
    since, until = known["known_at"].min().to_pydatetime(), captures.moments()[newest]
    table = session.journal_of(known["contact_id"].to_numpy(np.int64), since, until)
    table = table.filter(pc.is_null(table["fault"])).select(["entry_id", "contact_id", "occurred_at"])
    entries: pd.DataFrame = table.to_pandas().merge(known, on="contact_id")
    windows = [window_of(since), *windows_between(window_of(since).end, window_of(until).end)]
    told = log.evidence(windows)["entry_id"]
    waits = (entries["occurred_at"] > entries["known_at"]) & ~entries["entry_id"].isin(told)
    waiting_ones: pd.DataFrame = entries.loc[waits, ["entry_id", "occurred_at"]]
    return waiting_ones
