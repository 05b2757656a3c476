"""Attribution: net changes + journal → events, by the design's rules 1 to 9; pure, whole columns at a time.

cuts.py settles which pair an entry belongs to (rule 9), walk.py the order and existence (rule 7), gaps.py pins, gaps and candidates
(rules 1 to 5), events.py and rows.py what comes of it (rules 4 to 6), early.py the time before the first capture (rule 8).
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from contact_audit.attribution.cuts import pair_of_entries
from contact_audit.attribution.diff import net_changes
from contact_audit.attribution.early import early_end, early_events
from contact_audit.attribution.events import Events, build
from contact_audit.attribution.gaps import attribute_fields
from contact_audit.attribution.rows import entries_without_event, event_rows
from contact_audit.attribution.schema_changes import SchemaChanges, Taken
from contact_audit.attribution.schema_changes import rows as schema_rows
from contact_audit.attribution.walk import walk
from contact_audit.evidence.states import WINDOW, Evidence, as_microseconds, from_microseconds, microseconds, window_end
from contact_audit.evidence.values import Codes

__all__ = ["Derived", "attribute"]


@dataclass(frozen=True)
class Derived:
    """What the evidence of a span comes to.

    Attributes:
        events: model.EVENTS; entries_without_event: model.ENTRIES_WITHOUT_EVENT; rejected: model.REJECTED.
        changes: the events' changes as codes, one row a field: event (row of events), contact, pair, field, old, new.
        entries: positions of the entries that belong to the span's windows, each to be accounted for.
        schema_changes: model.SCHEMA_CHANGES; schema_change_values: model.SCHEMA_CHANGE_VALUES; taken: the same as codes.
    """

    events: pd.DataFrame
    entries_without_event: pd.DataFrame
    rejected: pd.DataFrame
    changes: pd.DataFrame
    entries: Codes
    schema_changes: pd.DataFrame
    schema_change_values: pd.DataFrame
    taken: Taken


def attribute(evidence: Evidence, skew: timedelta, schema: SchemaChanges | None = None) -> Derived:
    """Derive all events of the evidence's span, given its schema changes; times in UTC, windows of three hours."""
    reach = int(skew.total_seconds() * 1_000_000)
    original = evidence.journal.original
    usable = np.flatnonzero(original == np.arange(len(original)))
    pair = np.zeros(len(original), np.int64)
    pair[usable] = pair_of_entries(evidence, usable, reach)
    pair = pair[original]
    end = np.where(
        pair == 0, early_end(evidence, np.arange(len(original))), _window_ends(evidence, pair, evidence.moment)
    )
    inside = _inside(evidence, end)

    untold = np.isin(pair, evidence.states.untold)
    walked = usable[inside[usable] & (pair[usable] > 0) & ~untold[usable]]
    differing, changes = net_changes(evidence.states)
    capture_inside = _inside(evidence, window_end(evidence.moments))
    differing = type(differing)(
        *(column[capture_inside[differing.pair]] for column in (differing.contact, differing.pair))
    )
    kept = capture_inside[changes.pair]
    changes = type(changes)(changes.contact[kept], changes.pair[kept], changes.field[kept])
    order = np.lexsort((walked, pair[walked], evidence.contact[walked]))
    way = walk(evidence, walked[order], pair[walked][order], differing)
    schema = SchemaChanges.none() if schema is None else schema
    attributed = attribute_fields(evidence, way, changes, schema)
    events = build(evidence, way, attributed, reach)
    early = usable[inside[usable] & (pair[usable] == 0)]
    if len(early):
        events = _both(early_events(evidence, early), events)
    rows, codes = event_rows(evidence, events)

    scope = np.flatnonzero(inside)
    reason = np.full(len(original), "no_known_effect", dtype=object)
    reason[way.not_captured] = "not_captured"
    reason[untold & (pair > 0)] = "not_captured"
    reason[original != np.arange(len(original))] = "duplicate"
    told = [np.array(some, np.int64) for some in events.frame["candidates"].dropna()]
    has_event = np.zeros(len(original) + 1, bool)
    has_event[np.concatenate([events.frame["entry"].to_numpy(np.int64), *told])] = True
    without = scope[~has_event[scope]]
    schema_changes, schema_change_values = schema_rows(evidence, schema, attributed.taken)
    return Derived(
        events=rows,
        entries_without_event=entries_without_event(evidence, without, reason[without], end[without]),
        rejected=_rejected(evidence, end, inside),
        changes=codes,
        entries=scope,
        schema_changes=schema_changes,
        schema_change_values=schema_change_values,
        taken=attributed.taken,
    )


def _window_ends(evidence: Evidence, pair: Codes, moment: Codes) -> Codes:
    """The window each entry belongs to: of the capture that closes its pair; before the first capture, of its own moment.

    0 for what belongs to no window of this span: before its base, or waiting for the next capture.
    """
    closing = window_end(np.append(evidence.moments, 0))
    end = np.where(pair < len(evidence.moments), closing[np.minimum(pair, len(evidence.moments))], 0)
    return np.where(pair == 0, window_end(moment) if evidence.from_the_first or evidence.sighted else 0, end)


def _inside(evidence: Evidence, end: Codes) -> "np.typing.NDArray[np.bool_]":
    return (end > as_microseconds(evidence.span.start)) & (end <= as_microseconds(evidence.span.end))


def _both(early: Events, later: Events) -> Events:
    return Events(
        pd.concat([early.frame, later.frame], ignore_index=True),
        np.append(early.event, len(early.frame) + later.event),
        np.append(early.field, later.field),
        np.append(early.old, later.old),
        np.append(early.new, later.new),
    )


def _rejected(evidence: Evidence, end: Codes, inside: "np.typing.NDArray[np.bool_]") -> pd.DataFrame:
    """The rows of model.REJECTED: rejected entries and capture rows, and the notes on entries used without a value."""
    bad = evidence.journal.rejected
    # Without a moment of any kind a row belongs to the source's first capture.
    first = evidence.moments[0] if len(evidence.moments) else as_microseconds(evidence.span.end)
    moment = np.where(bad["moment"].isna(), first, microseconds(bad["moment"].fillna(pd.Timestamp(evidence.span.end))))
    pair = np.searchsorted(evidence.moments, moment, side="left")
    seen = bad["seen"].to_numpy(np.int64, na_value=0)
    pair = np.where(seen > 0, np.searchsorted(evidence.captures["snapshot_id"].to_numpy(np.int64), seen), pair)
    bad_end = _window_ends(evidence, pair, moment)
    entries = bad.assign(relation="contact_journal", used=False, end=bad_end).drop(columns=["moment", "seen"])

    states = evidence.rejected_states
    place = pd.Index(evidence.captures["snapshot_id"]).get_indexer(states["snapshot_id"].fillna(-1).to_numpy(np.int64))
    capture = np.append(evidence.moments, first)[np.where(place < 0, 0, place)]
    captured = states.assign(relation="contact_snapshots", end=window_end(capture))
    captured["entry_id"] = pd.NA

    notes = evidence.journal.notes
    position = notes["entry"].to_numpy(np.int64)
    noted = evidence.journal.entries.iloc[position].reset_index(drop=True)
    noted = pd.DataFrame(
        {
            "entry_id": noted["entry_id"],
            "contact_id": noted["contact_id"],
            "row": notes["row"],
            "reason": notes["reason"],
            "relation": "contact_journal",
            "used": True,
            "end": np.where(inside[position], end[position], 0),
        }
    )
    frames = [frame.astype({"entry_id": "Int64", "contact_id": "Int64"}) for frame in (entries, captured, noted)]
    frame = pd.concat([one for one in frames if len(one)] or frames[:1], ignore_index=True)
    if "snapshot_id" not in frame:
        frame["snapshot_id"] = pd.NA
    ends = frame.pop("end").to_numpy(np.int64)
    frame["window_start"], frame["window_end"] = from_microseconds(ends - WINDOW), from_microseconds(ends)
    frame = frame.astype({"snapshot_id": "Int64", "relation": "str", "row": "str", "reason": "str", "used": bool})
    columns = [
        "relation",
        "entry_id",
        "snapshot_id",
        "contact_id",
        "used",
        "row",
        "reason",
        "window_start",
        "window_end",
    ]
    return frame.loc[_inside(evidence, ends), columns].sort_values("window_end", ignore_index=True, kind="stable")
