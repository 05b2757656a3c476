"""Extraction: which captures and entries a span of windows rests on, and reading just those.

The same for every adapter; an adapter only answers the single reads.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from contact_audit import model
from contact_audit.errors import CaptureBrakeError
from contact_audit.evidence.journal import Flags
from contact_audit.evidence.states import Extract
from contact_audit.evidence.values import Codes
from contact_audit.sources.base import JudgingSession, Session, SightedSession
from contact_audit.sources.reaching_back import Back, entries_before_history, reach_back
from contact_audit.windows import Span

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Captures:
    """All captures of the source, and what was decided about them.

    Attributes:
        usable: model.CAPTURES without the ignored ones, oldest first, index 0..n-1. After an ignored baseline the next one is it.
        ignored: ids of those that a decision says to ignore; accepted: of those the brake lets pass.
        every: the ids of all that are there.
        notes: sentences about those that cannot be used.
    """

    usable: pd.DataFrame
    ignored: Codes
    accepted: frozenset[int]
    every: Codes
    notes: tuple[str, ...] = ()

    @classmethod
    def read(cls, session: Session, decisions: Mapping[int, str]) -> "Captures":
        """The source's captures under the decisions (snapshot_id: accept | ignore)."""
        frame = session.captures()
        ids = frame["snapshot_id"].to_numpy(np.int64)
        ignored = np.array([one for one, decision in decisions.items() if decision == "ignore"], np.int64)
        usable = _usable(frame, np.isin(ids, ignored))
        accepted = frozenset(one for one, decision in decisions.items() if decision == "accept")
        notes = tuple(session.unusable()) if isinstance(session, JudgingSession) else ()
        return cls(usable, ignored, accepted, ids, notes)

    def moments(self) -> list[datetime]:
        """When the usable captures were taken."""
        return [moment.to_pydatetime() for moment in self.usable["captured_at"]]

    def last_full(self, until: datetime) -> tuple[int, datetime] | None:
        """Id and moment of the last usable full capture until a moment."""
        full = self.usable[(self.usable["kind"] == "full") & (self.usable["captured_at"] <= pd.Timestamp(until))]
        return (int(full["snapshot_id"].iloc[-1]), full["captured_at"].iloc[-1].to_pydatetime()) if len(full) else None


def _usable(frame: pd.DataFrame, left_out: Flags) -> pd.DataFrame:
    """The captures that are not left out; what a baseline among those made of the difference, the next used one makes of it."""
    usable = frame[~left_out].reset_index(drop=True)
    following = np.cumsum(~left_out)[left_out & (frame["kind"] == "baseline").to_numpy()]
    usable.loc[following[following < len(usable)], "kind"] = "baseline"
    return usable


@dataclass(frozen=True)
class Reach:
    """What a span of windows rests on.

    Attributes:
        first, last: positions of the captures to read, [first, last); empty where first == last.
        from_the_first: whether the first of them is the source's very first, or there is none at all.
        after, until: the entries that can matter lie in (after, until]; nothing to read where after == until.
    """

    first: int
    last: int
    from_the_first: bool
    after: datetime
    until: datetime


def reach(captures: Captures, span: Span, skew: timedelta) -> Reach:
    """The captures and the time that a span rests on: its own captures, the one before them, and what lies within skew."""
    moments = captures.usable["captured_at"]
    low = int(moments.searchsorted(pd.Timestamp(span.start), side="right"))
    high = int(moments.searchsorted(pd.Timestamp(span.end), side="right"))
    base = low - 1
    # Cuts never cross (rule 9): where captures lie close together, a cut depends on the one before it.
    while base > 0 and moments.iloc[base] - moments.iloc[base - 1] <= 2 * skew:
        base -= 1
    if base <= 0:
        base = 0
        # The first capture right after the span decides what lies before it (rule 8).
        if high == 0 and len(moments) and moments.iloc[0] - skew <= pd.Timestamp(span.end):
            high = 1
        if high == 0:
            return Reach(0, 0, True, span.start, span.end)
        after = min(span.start, moments.iloc[0].to_pydatetime() - skew - _INSTANT)
        return Reach(0, high, True, after, moments.iloc[high - 1].to_pydatetime() + skew)
    if low == high:
        return Reach(base, base, False, span.start, span.start)
    # What lies exactly skew before a capture is within it, and (after, until] leaves its start out.
    after, until = moments.iloc[base].to_pydatetime() - skew - _INSTANT, moments.iloc[high - 1].to_pydatetime() + skew
    return Reach(base, high, False, after, until)


def extract(session: Session, captures: Captures, span: Span, skew: timedelta, brake_share: float) -> Extract:
    """Read the evidence of a span. Raises CaptureBrakeError where a full capture lacks more than `brake_share` of the contacts."""
    scope = reach(captures, span, skew)
    if isinstance(session, SightedSession):
        journal = session.seen_journal(captures.usable, scope.first, scope.last, span.start, span.end)
    elif scope.after == scope.until:
        journal = _no_rows(model.JOURNAL)
    else:
        journal = session.journal(scope.after, scope.until)
    judging = session if isinstance(session, JudgingSession) else None
    if judging:
        journal = model.judged(journal, model.JOURNAL)
        if scope.from_the_first and scope.last:  # what has no moment belongs to the source's first capture
            journal = pa.concat_tables([journal, judging.undated_entries()])
        if scope.until < span.end and len(captures.usable):
            back = Back(judging, captures.usable, captures.ignored, skew)
            early = entries_before_history(back, max(scope.last - 1, scope.first), scope.until, span)
            journal = pa.concat_tables([journal, early])
            if early.num_rows:
                scope = replace(scope, last=max(scope.last, scope.first + 1))
    context = captures.usable.iloc[scope.first : scope.last].reset_index(drop=True)
    tables: list[pa.Table] = []
    if len(context) > 1:
        first, last = (context["captured_at"].iloc[position].to_pydatetime() for position in (0, -1))
        if (context["kind"].iloc[1:] != "full").any():
            tables.append(session.changed_rows(first, last, captures.ignored))
        for position in np.flatnonzero(context["kind"].iloc[1:] == "full") + scope.first + 1:
            table, held = session.full_differences(captures.usable, int(position), captures.ignored)
            _brake(captures, int(position), table, held, brake_share)
            tables.append(table)
    begin = scope.first
    if len(context):
        ids = [table["contact_id"].drop_null().to_numpy() for table in (*tables, journal)]
        concerned = np.unique(np.concatenate(ids)) if ids else np.zeros(0, np.int64)
        base = session.states_at(captures.usable, scope.first, concerned, captures.ignored)
        if judging and not scope.from_the_first:
            back = Back(judging, captures.usable, captures.ignored, skew)
            further = reach_back(back, scope.first, base, (tables, journal))
            base, begin, journal = further.states, further.first, pa.concat_tables([journal, *further.journals])
        if judging:
            tables += _set_aside(judging, captures, scope, span, base)
        tables.insert(0, base)
    states = pa.concat_tables(tables) if tables else _no_rows(model.STATES)
    context = captures.usable.iloc[begin : scope.last].reset_index(drop=True)
    return Extract(span, context, scope.from_the_first, states, journal, scope.first - begin)


def _set_aside(judging: JudgingSession, captures: Captures, scope: Reach, span: Span, base: pa.Table) -> list[pa.Table]:
    """The rows that no comparison of captures gives: those without a key, and those of the very first capture that cannot be used."""
    moments = captures.usable["captured_at"]
    begin, end = (moments.iloc[position].to_pydatetime() for position in (scope.first, scope.last - 1))
    found = [judging.adrift(begin - _INSTANT, end, scope.from_the_first, captures.ignored)]
    if scope.from_the_first and span.start < begin <= span.end:
        first = judging.unusable_rows(captures.usable["snapshot_id"].to_numpy(np.int64)[scope.first : scope.first + 1])
        found.append(first.filter(pc.invert(pc.is_in(first["contact_id"], base["contact_id"].combine_chunks()))))
    return found


def _no_rows(schema: pa.Schema) -> pa.Table:
    return schema.empty_table()


def _brake(captures: Captures, position: int, table: pa.Table, held: int, share: float) -> None:
    snapshot_id = int(captures.usable["snapshot_id"].iloc[position])
    missing = table.num_rows - int(np.count_nonzero(table["present"].to_numpy()))
    if missing <= share * held or snapshot_id in captures.accepted:
        return
    raise CaptureBrakeError(
        f"full capture {snapshot_id} of {captures.usable['captured_at'].iloc[position]:%Y-%m-%d %H:%M:%S} UTC lacks {missing} of "
        f"{held} contacts of the capture before it, more than {share:.0%} (CONTACT_AUDIT_BRAKE_SHARE). It is not used until "
        f"somebody decides: insert into audit.capture_decisions (snapshot_id, decision, decided_by, reason) values ({snapshot_id}, "
        "'accept' or 'ignore', your name, why), or give the decision to contact_audit_backfill."
    )
