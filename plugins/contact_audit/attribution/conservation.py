"""The conservation law: previous state + events (and schema changes) = current state, each `old` the value just before it, every
entry accounted for.

It knows nothing of how events were found: it replays them, in the order in which the log keeps them, between the captured states.
"""

from typing import Any

import numpy as np
import pandas as pd

from contact_audit.attribution.accounts import apart
from contact_audit.attribution.attribute import Derived
from contact_audit.attribution.diff import net_changes
from contact_audit.errors import ConservationError
from contact_audit.evidence.journal import ACCOUNT, Flags
from contact_audit.evidence.states import Evidence, as_microseconds
from contact_audit.evidence.values import NULL, Codes

EXISTENCE = -1
"""The field code under which a contact's existence is replayed: 1 where it is there, 0 where not."""


def captured(evidence: Evidence, derived: Derived) -> pd.DataFrame:
    """What the captures say before and after each pair: contact, pair, field, before, after (value codes; existence 0 or 1).

    One row for every field that differs between the two captures or that an event touches, and for existence.
    """
    differing, changes = net_changes(evidence.states)
    events = derived.events
    pair = _pair_of(evidence, events)
    touched = pd.concat([derived.changes, accounts(evidence, derived)], ignore_index=True)
    touched = touched[touched["pair"] > 0]
    contact = np.concatenate(
        [
            changes.contact,
            touched["contact"],
            differing.contact,
            np.searchsorted(evidence.contacts, events["contact_id"]),
        ]
    )
    pairs = np.concatenate([changes.pair, touched["pair"], differing.pair, pair])
    field = np.concatenate(
        [changes.field, touched["field"], np.full(len(differing.contact) + len(events), EXISTENCE, np.int64)]
    )
    known = ~((field == ACCOUNT) & _nameless(evidence, contact, pairs))
    contact, pairs, field = contact[known], pairs[known], field[known]
    keys = pd.DataFrame({"contact": contact, "pair": pairs, "field": field}).drop_duplicates()
    keys = keys[_closes_inside(evidence, keys["pair"].to_numpy(np.int64))].reset_index(drop=True)
    whose, which, name = (keys[column].to_numpy(np.int64) for column in ("contact", "pair", "field"))
    states = evidence.states
    for column, state in (("before", states.at(whose, which - 1)), ("after", states.at(whose, which))):
        there = states.exists(state)
        value = states.value(np.where(there, state, -1), np.maximum(name, 0))
        keys[column] = np.where(name == EXISTENCE, there.astype(np.int64), value)
    return keys


def replayed(evidence: Evidence, derived: Derived) -> pd.DataFrame:
    """All changes of the events in the log's order, schema changes before or after them: contact, pair, field, old, new; existence
    among them, once an event.
    """
    events = derived.events
    born = events["action"].isin(["create", "restore"]).to_numpy()
    died = (events["action"] == "delete").to_numpy()
    existence = pd.DataFrame(
        {
            "event": np.arange(len(events)),
            "contact": np.searchsorted(evidence.contacts, events["contact_id"].to_numpy(np.int64)),
            "pair": _pair_of(evidence, events),
            "field": EXISTENCE,
            "old": (~born).astype(np.int64),
            "new": (~died).astype(np.int64),
        }
    )
    frames = [derived.changes, derived.taken.replayed(len(events)), existence, accounts(evidence, derived)]
    rows = pd.concat(frames, ignore_index=True)
    rows = rows[rows["pair"] > 0].reset_index(drop=True)
    contact, pair = (rows[name].to_numpy(np.int64) for name in ("contact", "pair"))
    nameless = (rows["field"] == ACCOUNT).to_numpy(bool) & _nameless(evidence, contact, pair)
    return rows[~nameless].reset_index(drop=True)


def accounts(evidence: Evidence, derived: Derived) -> pd.DataFrame:
    """What the log's column account_id says beside the moves listed: event, contact, pair, field, old, new.

    A birth sets the account, a death ends it; any other event says what it is, asked where a contact may have moved.
    """
    events, changes = derived.events, derived.changes
    contact = np.searchsorted(evidence.contacts, events["contact_id"].to_numpy(np.int64))
    pair = _pair_of(evidence, events)
    listed = np.unique(changes.loc[changes["field"] == ACCOUNT, "event"].to_numpy(np.int64))
    born = events["action"].isin(["create", "restore"]).to_numpy(bool)
    died = (events["action"] == "delete").to_numpy(bool)
    moving = apart(evidence, contact, pair, events["action"].to_numpy(object), listed)
    rows = np.setdiff1d(np.flatnonzero(born | died | moving), listed)
    texts = events["account_id"].iloc[rows].astype(object)
    held = evidence.values.encode(texts.where(texts.notna(), None).tolist())  # noqa: PD011 (no frame)
    return pd.DataFrame(
        {
            "event": rows,
            "contact": contact[rows],
            "pair": pair[rows],
            "field": np.full(len(rows), ACCOUNT),
            "old": np.where(born[rows], NULL, held),
            "new": np.where(died[rows], NULL, held),
        }
    )


def _nameless(evidence: Evidence, contact: Codes, pair: Codes) -> Flags:
    """Where a capture gives a contact that is there no account, so that nothing can be asked of it."""
    found = np.zeros(len(contact), bool)
    for at in (pair, np.maximum(pair - 1, 0)):
        state = evidence.states.at(contact, at)
        there = evidence.states.exists(state)
        account = evidence.states.value(np.where(there, state, -1), np.full(len(state), ACCOUNT))
        found |= there & (account == NULL)
    return found


def check(captured: pd.DataFrame, replayed: pd.DataFrame, contacts: Codes) -> None:
    """Raise ConservationError naming the contact unless events lead from each captured state to the next, exactly.

    Frames as from `captured` and `replayed`; `contacts`: contact ids by code. Events of one contact and pair stand in log order.
    """
    keys = ["contact", "pair", "field"]
    rows = replayed.sort_values([*keys, "event"], kind="stable", ignore_index=True)
    first = ~rows.duplicated(keys).to_numpy()
    last = ~rows.duplicated(keys, keep="last").to_numpy()
    broken = ~first & (rows["old"] != rows["new"].shift(fill_value=0)).to_numpy()
    _refuse(rows[broken], contacts, "an event's old value is not the value before it")
    ends = pd.DataFrame({**{key: rows.loc[first, key].to_numpy() for key in keys}})
    ends["first"], ends["last"] = rows.loc[first, "old"].to_numpy(), rows.loc[last, "new"].to_numpy()
    both = captured.merge(ends, on=keys, how="outer", validate="1:1", indicator=True)
    _refuse(both[both["_merge"] == "right_only"], contacts, "an event changes what no capture was read for")
    silent = both[(both["_merge"] == "left_only") & (both["before"] != both["after"])]
    _refuse(silent, contacts, "the captures differ and no event says so")
    told = both[both["_merge"] == "both"]
    wrong = told[(told["before"] != told["first"]) | (told["after"] != told["last"])]
    _refuse(wrong, contacts, "the events do not lead from the captured state to the next one")


def check_entries(evidence: Evidence, derived: Derived) -> None:
    """Raise ConservationError unless every entry of the span's windows is an event's, a candidate, or listed without an event."""
    ids = evidence.journal.entries["entry_id"].to_numpy(np.int64)[derived.entries]
    told = [derived.events["journal_entry_id"].dropna().to_numpy(np.int64)]
    told += [np.array(text.strip("[]").split(","), np.int64) for text in derived.events["candidates"].dropna()]
    with_event = np.unique(np.concatenate(told))
    without = derived.entries_without_event["entry_id"].to_numpy(np.int64)
    accounted = np.sort(np.append(with_event, without))
    if np.array_equal(accounted, np.sort(ids)) and (np.diff(accounted) > 0).all():
        return  # what follows only says what is wrong
    twice = np.intersect1d(with_event, without)
    missing = np.setdiff1d(ids, np.union1d(with_event, without))
    strange = np.setdiff1d(np.union1d(with_event, without), ids)
    for found, what in (
        (twice, "both with and without an event"),
        (missing, "missing"),
        (strange, "of another window"),
    ):
        if len(found):
            raise ConservationError(
                f"journal entries not accounted for ({what}): {found[:10].tolist()}; nothing was loaded"
            )


def _closes_inside(evidence: Evidence, pair: Codes) -> "np.typing.NDArray[np.bool_]":
    """Whether the capture that closes each pair lies in the span, (start, end]."""
    moment = np.append(evidence.moments, 0)[pair]
    inside = (moment > as_microseconds(evidence.span.start)) & (moment <= as_microseconds(evidence.span.end))
    return inside & (pair > 0)


def _pair_of(evidence: Evidence, events: pd.DataFrame) -> Codes:
    position = pd.Series(np.arange(len(evidence.captures)), index=evidence.captures["snapshot_id"].to_numpy())
    found: Codes = position.reindex(events["snapshot_id"].fillna(-1).to_numpy(np.int64)).fillna(0).to_numpy(np.int64)
    return found


def _refuse(rows: pd.DataFrame, contacts: Codes, what: str) -> None:
    if len(rows):
        ids: list[Any] = [int(contacts[int(code)]) for code in rows["contact"].unique()[:10]]
        raise ConservationError(f"conservation law broken for contacts {ids}: {what}; nothing was loaded")
