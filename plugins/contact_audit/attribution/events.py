"""Events: what was attributed, put together as rows, dated, ordered and numbered (rules 4 to 7, `sequence`).

One row an event; an event's place in its walk is its slot, so that one sort orders everything.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from contact_audit.attribution.gaps import RECORDED, Attributed, Parts
from contact_audit.attribution.walk import BIRTH, DEATH, END, START, Walk
from contact_audit.evidence.journal import Flags
from contact_audit.evidence.states import Evidence
from contact_audit.evidence.values import Codes

STRENGTHS = np.array(["recorded", "matched", "inferred"], dtype=object)


@dataclass(frozen=True)
class Events:
    """Events and their changes, before they are written out as rows.

    Attributes:
        frame: one row an event: contact, pair (0 before the first capture), action, attribution, entry (position, -1 without),
            candidates (tuple of positions or None), after, at (µs), slot, begin, rank (the order).
        event, field, old, new: the changes; `event` is a row of the frame.
    """

    frame: pd.DataFrame
    event: Codes
    field: Codes
    old: Codes
    new: Codes


def build(evidence: Evidence, walk: Walk, attributed: Attributed, skew: int) -> Events:
    """All events of the walks."""
    moment = _moments(evidence, walk)
    shared, shared_event = _shared(walk, attributed, moment)
    node = np.union1d(attributed.node, np.flatnonzero((walk.kind == BIRTH) | (walk.kind == DEATH)))
    by_entry = node[walk.entry[node] >= 0]
    # In slots: an entry's event is at its place, one of several candidates right after the last one's.
    told = np.sort(np.append(4 * by_entry, shared["slot"].to_numpy(np.int64)))
    at_nodes = _at_nodes(evidence, walk, attributed, node, moment, told, skew)
    nobody, nobody_event = _nobody(walk, attributed, moment)
    frame = pd.concat([at_nodes, shared, nobody], ignore_index=True)
    group = frame.pop("group").to_numpy(np.int64)
    frame.insert(0, "contact", walk.groups.contact[group])
    frame.insert(1, "pair", walk.groups.pair[group])
    event = np.concatenate(
        [
            np.searchsorted(node, attributed.node),
            len(at_nodes) + shared_event,
            len(at_nodes) + len(shared) + nobody_event,
        ]
    )
    parts: tuple[Parts, ...] = (attributed.at_node, attributed.shared, attributed.nobody)
    return Events(
        frame=frame,
        event=event,
        field=np.concatenate([part.field for part in parts]),
        old=np.concatenate([part.old for part in parts]),
        new=np.concatenate([part.new for part in parts]),
    )


def _moments(evidence: Evidence, walk: Walk) -> Codes:
    """When each node is, in µs: its entry's moment, or its capture's; births and deaths without an entry have none yet (0)."""
    pair = walk.groups.pair[walk.group]
    opening = evidence.states.stretches.opening(walk.groups.contact[walk.group], pair)
    captured = evidence.moments[np.where(walk.kind == START, opening, pair)] if len(pair) else pair
    by_entry = evidence.moment[walk.entry] if len(evidence.moment) else captured
    return np.where(walk.entry >= 0, by_entry, np.where((walk.kind == START) | (walk.kind == END), captured, 0))


def _at_nodes(
    evidence: Evidence, walk: Walk, attributed: Attributed, node: Codes, moment: Codes, told: Codes, skew: int
) -> pd.DataFrame:
    weakest = np.full(len(node), RECORDED)
    np.maximum.at(weakest, np.searchsorted(node, attributed.node), attributed.at_node.strength)
    by_entry = walk.entry[node] >= 0
    attribution = np.where(by_entry, STRENGTHS[weakest], "unattributed")
    attribution[np.isin(node, attributed.unconfirmed) & by_entry] = "unconfirmed"
    kind = walk.kind[node]
    recorded = evidence.journal.entries["action"].to_numpy(object)
    action = np.where(kind == DEATH, "delete", "update").astype(object)
    born_by_entry = (kind == BIRTH) & by_entry
    action[born_by_entry] = recorded[walk.entry[node[born_by_entry]]]
    after, at = moment[node].copy(), moment[node].copy()

    silent_deaths = np.flatnonzero((kind == DEATH) & ~by_entry)
    after[silent_deaths], at[silent_deaths] = _death_span(walk, node[silent_deaths], told, moment)
    silent_births = np.flatnonzero((kind == BIRTH) & ~by_entry)
    low, high, restored = _birth_span(evidence, walk, node[silent_births], told, moment, skew)
    after[silent_births], at[silent_births] = low, high
    action[silent_births] = np.where(restored, "restore", "create")
    return _frame(walk.group[node], action, attribution, walk.entry[node], after, at, 4 * node, node)


def _death_span(walk: Walk, node: Codes, told: Codes, moment: Codes) -> tuple[Codes, Codes]:
    """From the last event by an entry (`told`, slots; else the previous capture) to the restore that proves it (else
    the current capture).
    """
    previous = np.searchsorted(told, 4 * node) - 1
    last = told[np.maximum(previous, 0)] // 4 if len(told) else np.zeros(len(node), np.int64)
    found = (previous >= 0) & (walk.group[last] == walk.group[node])
    start = np.where(found, moment[last], moment[walk.start[walk.group[node]]])
    end = moment[node + 1]
    return np.minimum(start, end), np.maximum(start, end)


def _birth_span(
    evidence: Evidence, walk: Walk, node: Codes, told: Codes, moment: Codes, skew: int
) -> tuple[Codes, Codes, Flags]:
    """When births without an entry happened (after, at), and whether they are restores (rule 7)."""
    group = walk.group[node]
    deaths = np.flatnonzero(walk.kind == DEATH)
    previous = np.searchsorted(deaths, node) - 1
    death = deaths[np.maximum(previous, 0)] if len(deaths) else np.zeros(len(node), np.int64)
    died = (previous >= 0) & (walk.group[death] == group)
    captured = moment[walk.start[group]]
    start = np.where(died, moment[death], captured)
    following = np.searchsorted(told, 4 * node)
    last = max(len(told) - 1, 0)
    event = told[np.minimum(following, last)] // 4 if len(told) else np.zeros(len(node), np.int64)
    followed = (following < len(told)) & (walk.group[event] == group)
    end = np.where(followed, moment[event], moment[walk.end[group]])
    start, end = np.minimum(start, end), np.maximum(start, end)

    created_at = evidence.states.created_at.iloc[walk.groups.after[group]]
    known = created_at.notna().to_numpy()
    created = (
        created_at.fillna(pd.Timestamp(0, tz="UTC")).dt.tz_localize(None).to_numpy("datetime64[us]").astype(np.int64)
    )
    restored = died | (known & (created < captured - skew))
    exact = known & (start <= created) & (created <= end)
    return np.where(exact, created, start), np.where(exact, created, end), restored


def _shared(walk: Walk, attributed: Attributed, moment: Codes) -> tuple[pd.DataFrame, Codes]:
    """Rule 4: gaps with the same candidates are one event, right after the last candidate's place."""
    distinct = sorted(set(attributed.candidates))
    row_of = {candidates: row for row, candidates in enumerate(distinct)}
    event = np.array([row_of[candidates] for candidates in attributed.candidates], np.int64)
    strength = np.zeros(len(distinct), np.int64)
    np.maximum.at(strength, event, attributed.shared.strength)  # an event is known as its weakest part is
    first = np.array([candidates[0] for candidates in distinct], np.int64)
    last = np.array([candidates[-1] for candidates in distinct], np.int64)
    frame = _frame(
        walk.group[first],
        np.full(len(distinct), "update", object),
        STRENGTHS[strength],
        np.full(len(distinct), -1),
        moment[first],
        moment[last],
        4 * last + 1,
        first,
    )
    frame["candidates"] = pd.Series(
        [tuple(walk.entry[list(candidates)].tolist()) for candidates in distinct], dtype=object
    )
    frame["rank"] = np.arange(len(distinct))
    return frame, event


def _nobody(walk: Walk, attributed: Attributed, moment: Codes) -> tuple[pd.DataFrame, Codes]:
    """Rule 5: gaps between the same two points are one event, right before the point that ends it."""
    places = len(walk.kind) + 1
    distinct, event = np.unique(attributed.low * places + attributed.high, return_inverse=True)
    low, high = distinct // places, distinct % places
    start, end = moment[low], moment[high]
    frame = _frame(
        walk.group[low],
        np.full(len(distinct), "update", object),
        np.full(len(distinct), "unattributed", object),
        np.full(len(distinct), -1),
        np.minimum(start, end),
        np.maximum(start, end),
        4 * high - 1,
        np.minimum(start, end),
    )
    frame["rank"] = low
    return frame, event


def _frame(
    group: Codes,
    action: "np.typing.NDArray[np.object_]",
    attribution: "np.typing.NDArray[np.object_]",
    entry: Codes,
    after: Codes,
    at: Codes,
    slot: Codes,
    begin: Codes,
) -> pd.DataFrame:
    count = len(group)
    return pd.DataFrame(
        {
            "group": group,
            "action": pd.Series(action, dtype="str"),
            "attribution": pd.Series(attribution, dtype="str"),
            "entry": entry,
            "candidates": pd.Series([None] * count, dtype=object),
            "after": after,
            "at": at,
            "slot": slot,
            "begin": begin,
            "rank": np.zeros(count, np.int64),
        }
    )
