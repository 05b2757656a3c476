"""The account of each event: that which its contact had right before it; of a birth, that which it was born into.

Mostly the captured one, read off at once. Only where a contact moves on its way between two captures do its events stand apart.
"""

from typing import Any

import numpy as np
import pandas as pd

from contact_audit.evidence.journal import ACCOUNT, Flags
from contact_audit.evidence.states import Evidence
from contact_audit.evidence.values import NULL, Codes, text_of_account

_UNKNOWN = -1


def event_accounts(
    evidence: Evidence,
    contact: Codes,
    pair: Codes,
    entry: Codes,
    action: "np.typing.NDArray[Any]",
    changes: pd.DataFrame,
) -> "pd.Series[Any]":
    """The account of each event as text, events in the log's order; `changes`: event, field, old, new as codes."""
    plain, own = _captured_or_told(evidence, contact, pair, entry)
    moves = changes[changes["field"] == ACCOUNT]
    old, new = (np.full(len(contact), _UNKNOWN) for _ in range(2))
    event = moves["event"].to_numpy(np.int64)
    old[event], new[event] = moves["old"], moves["new"]
    rows = np.flatnonzero(apart(evidence, contact, pair, action, event))
    codes = np.full(len(contact), _UNKNOWN)
    codes[rows] = _on_the_way(evidence, contact[rows], pair[rows], action[rows], old[rows], new[rows])
    # Rule 8: there is no capture that could know better than the move itself.
    early = event[pair[event] == 0]
    codes[early] = old[early]
    texts = np.array([*map(text_of_account, evidence.values.texts), None], dtype=object)  # noqa: PD011 (no frame)
    known = pd.Series(np.where(codes > NULL, texts[codes], None), dtype=object)
    # A life of which neither a capture nor a move tells the account has that of its first event by an entry.
    life = _lives(contact[rows], pair[rows], action[rows])
    told = own.iloc[rows].groupby(life).transform("first")
    plain.iloc[rows] = told.where(told.notna(), plain.iloc[rows]).to_numpy(object)
    return known.where(known.notna(), plain)


def apart(evidence: Evidence, contact: Codes, pair: Codes, action: "np.typing.NDArray[Any]", moves: Codes) -> Flags:
    """The events of contacts and pairs in which the account may not be one and the same; `moves`: rows of those that move one."""
    states = evidence.states
    before, after = states.at(contact, np.maximum(pair - 1, 0)), states.at(contact, pair)
    stays = states.exists(before) & states.exists(after)
    field = np.full(len(contact), ACCOUNT)
    differs = stays & (states.value(before, field) != states.value(after, field))
    key = contact * (len(evidence.moments) + 1) + pair
    born, died = np.isin(action, ["create", "restore"]), action == "delete"
    lives = np.intersect1d(key[born], key[died])
    found: Flags = (pair > 0) & (differs | np.isin(key, lives) | np.isin(key, key[moves]))
    return found


def _captured_or_told(
    evidence: Evidence, contact: Codes, pair: Codes, entry: Codes
) -> tuple["pd.Series[Any]", "pd.Series[Any]"]:
    """The captured account, of the current capture or else of the previous one; else the journal's; and what each event's own
    entry says.
    """
    states = evidence.states
    # A rule 8 event has no capture before it; the first one tells the account.
    after, before = states.at(contact, pair), states.at(contact, np.maximum(pair - 1, 0))
    state = np.where(states.exists(after), after, np.where(states.exists(before), before, -1))
    captured = states.account.reindex(pd.Index(state)).reset_index(drop=True)
    journal = evidence.journal.entries["account_id"]
    told = journal.reindex(pd.Index(entry)).reset_index(drop=True)
    # Some entry of the contact tells the account, where neither a capture nor the event's own entry does.
    some = journal.reindex(pd.Index(np.searchsorted(evidence.contact, contact))).reset_index(drop=True)
    early = pd.Series(pair == 0)
    return _texts(captured.where(~early, told).fillna(told).fillna(captured).fillna(some)), _texts(told)


def _texts(ids: "pd.Series[Any]") -> "pd.Series[Any]":
    texts = ids.astype("str").astype(object)
    return texts.where(texts.notna(), None)


def _lives(contact: Codes, pair: Codes, action: "np.typing.NDArray[Any]") -> Codes:
    """A number for each life of each contact and pair: a birth begins one, a death ends one."""
    if not len(contact):
        return np.zeros(0, np.int64)
    first = np.append(True, (np.diff(contact) != 0) | (np.diff(pair) != 0))
    born, died = np.isin(action, ["create", "restore"]), action == "delete"
    numbers: Codes = np.cumsum(first | born | np.append(False, died[:-1]))
    return numbers


def _on_the_way(
    evidence: Evidence, contact: Codes, pair: Codes, action: "np.typing.NDArray[Any]", old: Codes, new: Codes
) -> Codes:
    """The account's code right before each event (right after a birth), from moves and captures; _UNKNOWN where none tells."""
    if not len(contact):
        return np.zeros(0, np.int64)
    states = evidence.states
    field = np.full(len(contact), ACCOUNT)
    before, after = states.at(contact, np.maximum(pair - 1, 0)), states.at(contact, pair)
    first = np.append(True, (np.diff(contact) != 0) | (np.diff(pair) != 0))
    last = np.append(first[1:], True)
    life = _lives(contact, pair, action)
    moves = old != _UNKNOWN
    reached = pd.Series(np.where(moves, new, _UNKNOWN)).groupby(life).shift(1, fill_value=_UNKNOWN).to_numpy(np.int64)
    opens = first & states.exists(before) & ~np.isin(action, ["create", "restore"])
    reached = np.where(opens, states.value(before, field), reached)
    closes = last & states.exists(after) & (action != "delete") & ~moves
    ahead = np.where(moves, old, np.where(closes, states.value(after, field), _UNKNOWN))
    from_before = _known(reached).groupby(life).ffill()
    from_ahead = _known(ahead).groupby(life).bfill()
    found: Codes = (
        _known(np.where(moves, old, _UNKNOWN))
        .fillna(from_before)
        .fillna(from_ahead)
        .fillna(_UNKNOWN)
        .to_numpy(np.int64)
    )
    return found


def _known(codes: "np.typing.NDArray[Any]") -> "pd.Series[Any]":
    return pd.Series(pd.array(codes, dtype="Int64")).mask(codes == _UNKNOWN)
