"""A live source's journal rows as contract entries: rows of one save joined, and values taken as proof only where they are. Pure.

What an adapter gives a row (columns as COLUMNS, `items` a list of dicts or None) is settled against the captures at both ends of the
pair: a value that may be cut or stringified, or that is half told, is proof only where it fits exactly.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pandas as pd

from contact_audit.evidence.values import canonical_text

COLUMNS = (
    *("entry_id", "contact_id", "account_id", "occurred_at", "action", "author_type", "author_id", "author_name"),
    *("ip_address", "channel", "on_behalf_of", "merged_into", "items"),
)
"""What an adapter's `rows` returns, one row a journal row that counts.

An item names a field ("field"); "old" and "new" are its values ("doubtful": they may be cut, stringified or localised; one of the two
only: the other is not told); "added" and "removed" are those of a list.
"""

MAYBE = ("merged_into",)
"""Those that an adapter may leave out: null then."""

_SAVE = ["contact_id", "occurred_at", "action", "author_type", "author_id", "author_name", "on_behalf_of"]
_BIRTHS = ("create", "restore")
_NO_VALUE = object()

State = Mapping[str, Any]
"""Field → value of a contact that is there; a missing field is null."""


@dataclass(frozen=True)
class Ends:
    """How contacts were at the two captures of the pair; a contact that is not there is missing.

    Attributes:
        before, after: contact_id → its state.
        first: whether there is no capture before: then nothing is settled by captures, and doubtful values are none.
    """

    before: Mapping[int, State]
    after: Mapping[int, State]
    first: bool


def entries(rows: pd.DataFrame, ends: Ends, empty_is_null: bool) -> pd.DataFrame:
    """The entries of the rows that one capture saw first: COLUMNS with `changes` (JSON text or None) for `items`.

    All rows of a contact come together; the result is ordered by (contact_id, occurred_at, entry_id).
    """
    frame = rows.sort_values(["contact_id", "occurred_at", "entry_id"], ignore_index=True, na_position="first")
    # Item by item and row by row: what they hold are nested lists of few, which no column operation takes apart faster.
    items = [_cleaned(one, empty_is_null) for one in frame["items"]]
    save = _saves(frame, items)
    first = np.flatnonzero(np.append(True, save[1:] != save[:-1])) if len(save) else np.zeros(0, np.int64)
    joined = [_joined(items[start:end]) for start, end in zip(first, [*first[1:], len(items)], strict=True)]
    frame = frame.iloc[first].reset_index(drop=True)
    settled = _settled(frame, joined, ends)
    frame["changes"] = pd.Series([None if one is None else orjson.dumps(one).decode() for one in settled], dtype=object)
    frame["ip_address"] = frame["ip_address"].map(_address)
    return frame.drop(columns="items")


def captures_decide(items: Any) -> bool:
    """Whether what the captures hold may decide what these items of a row say: a value is doubtful, half told, or a list's."""
    return isinstance(items, list) and any(
        item.get("doubtful") or "added" in item or "removed" in item or ("old" in item) != ("new" in item)
        for item in items
    )


def _cleaned(items: Any, empty_is_null: bool) -> list[dict[str, Any]] | None:
    if items is None or (isinstance(items, float) and np.isnan(items)):
        return None
    if not empty_is_null:
        return list(items)
    return [{name: (None if value == "" else value) for name, value in item.items()} for item in items]


def _saves(frame: pd.DataFrame, items: list[list[dict[str, Any]] | None]) -> "np.typing.NDArray[np.int64]":
    """The save that each row is of: same contact, moment, action and author, no other row of that contact between; a field that is told
    again is another save. What is given with a birth belongs to it.
    """
    keys = frame[_SAVE].astype(object).where(frame[_SAVE].notna(), None)
    other = (keys != keys.shift()) & ~(keys.isna() & keys.shift().isna())
    starts = other.any(axis=1).to_numpy(copy=True)
    action = frame["action"].to_numpy(object)
    told: set[str] = set()
    for row, one in enumerate(items):
        again = one is not None and any(
            item["field"] in told and "added" not in item and "removed" not in item for item in one
        )
        given_at_birth = action[row] == "create" and one is not None
        bare = (one is None) != (items[row - 1] is None) if row else False
        if starts[row] or again or not (given_at_birth or (action[row] == "update" and not bare)):
            starts[row] = True
            told = set()
        told |= {item["field"] for item in one or ()}
    return np.cumsum(starts)


def _joined(parts: list[list[dict[str, Any]] | None]) -> list[dict[str, Any]] | None:
    """The items of the rows of one save; what several rows add to a list and take from it is one item."""
    if all(part is None for part in parts):
        return None
    lists: dict[str, dict[str, Any]] = {}
    found: list[dict[str, Any]] = []
    for item in (item for part in parts for item in part or ()):
        if "added" not in item and "removed" not in item:
            found.append(item)
            continue
        known = lists.get(item["field"])
        if known is None:
            known = lists[item["field"]] = {"field": item["field"], "added": [], "removed": []}
            found.append(known)
        known["added"] = known["added"] + list(item.get("added") or ())
        known["removed"] = known["removed"] + list(item.get("removed") or ())
    return found


def _settled(
    frame: pd.DataFrame, joined: list[list[dict[str, Any]] | None], ends: Ends
) -> list[list[dict[str, Any]] | None]:
    """The items as the contract has them: a field, with old and new where they are proof."""
    contact, action = frame["contact_id"].to_numpy(), frame["action"].to_numpy(object)
    told: list[list[dict[str, Any]]] = [[] for _ in joined]
    row, count = 0, len(joined)
    while row < count:
        end = row
        while end < count and contact[end] == contact[row]:
            end += 1
        chains: dict[str, list[tuple[int, dict[str, Any]]]] = {}
        for place in range(row, end):
            for item in joined[place] or ():
                chains.setdefault(item["field"], []).append((place, item))
        before, after = ends.before.get(contact[row]), ends.after.get(contact[row])
        births = {place for place in range(row, end) if action[place] in _BIRTHS}
        deaths = {place for place in range(row, end) if action[place] == "delete"}
        for field, chain in chains.items():
            for place, item in _settled_field(field, chain, before, after, ends.first, births, deaths):
                told[place].append(item)
        row = end
    return [None if one is None else items for one, items in zip(joined, told, strict=True)]


def _settled_field(
    field: str,
    chain: list[tuple[int, dict[str, Any]]],
    before: State | None,
    after: State | None,
    first: bool,
    births: set[int],
    deaths: set[int],
) -> list[tuple[int, dict[str, Any]]]:
    """One contact's items of one field, in order, as the contract has them."""
    name = {"field": field}
    if all(_is_proof(item, place in births, place in deaths) for place, item in chain):
        return [(place, _pin(field, item)) for place, item in chain]
    told = [
        (place, _pin(field, item)) if _is_proof(item, place in births, place in deaths) else (place, name)
        for place, item in chain
    ]
    if first:
        return [(place, _completed(field, chain, at) or told[at][1]) for at, (place, _) in enumerate(chain)]
    walked = _walk(chain, before, after, field, births, deaths)
    if walked is None:
        return told
    return [(place, item or told[at][1]) for at, ((place, _), item) in enumerate(zip(chain, walked, strict=True))]


def _is_proof(item: dict[str, Any], born: bool, died: bool) -> bool:
    if item.get("doubtful") or "added" in item or "removed" in item:
        return False
    old, new = "old" in item, "new" in item
    return (old and new) or (born and new) or (died and old) or not (old or new)


def _pin(field: str, item: dict[str, Any]) -> dict[str, Any]:
    return {"field": field} | {side: item[side] for side in ("old", "new") if side in item}


def _completed(field: str, chain: list[tuple[int, dict[str, Any]]], at: int) -> dict[str, Any] | None:
    """A value half told between two entries that one capture copied: the following one's old is its new, the one before's new its old."""
    item = chain[at][1]
    if item.get("doubtful") or "added" in item or "removed" in item:
        return None
    if "old" in item and "new" not in item and at + 1 < len(chain):
        following = chain[at + 1][1]
        if "old" in following and not following.get("doubtful"):
            return {"field": field, "old": item["old"], "new": following["old"]}
    if "new" in item and "old" not in item and at > 0:
        preceding = chain[at - 1][1]
        if "new" in preceding and not preceding.get("doubtful"):
            return {"field": field, "old": preceding["new"], "new": item["new"]}
    return None


def _walk(
    chain: list[tuple[int, dict[str, Any]]],
    before: State | None,
    after: State | None,
    field: str,
    births: set[int],
    deaths: set[int],
) -> list[dict[str, Any] | None] | None:
    """Old and new of all items of a field, walking from the captured value to the captured value; None where they do not fit.

    A contact that was not there (or is not any more) has no captured value at that end: then only values that are not doubtful start
    (or end) the walk.
    """
    start: Any = before.get(field) if before is not None else _NO_VALUE
    goal: Any = after.get(field) if after is not None else _NO_VALUE
    if before is not None and after is not None and any(place in births or place in deaths for place, _ in chain):
        return None  # it died and came again, which gave or took this value: what it held in between was never captured
    value, walked = start, list[dict[str, Any] | None]()
    for at, (place, given) in enumerate(chain):
        if not {"old", "new", "added", "removed"} & given.keys():
            walked.append(None)
            continue
        # Absence has no values.
        item = {"old": None, **given} if place in births else {"new": None, **given} if place in deaths else given
        value = None if place in births else value
        doubtful = bool(item.get("doubtful"))
        if "added" in item:
            old = [] if value is _NO_VALUE else value
            new = _applied(old, item)
            if new is _NO_VALUE:
                return None
            old = old if value is not _NO_VALUE else None
        else:
            old = item.get("old", value)
            old = _as_captured(old, value, doubtful)
            if old is _NO_VALUE:
                return None
            new = item["new"] if "new" in item else _following(chain, at, goal)
            if new is _NO_VALUE:
                return None
        walked.append({"field": field, "old": old, "new": new})
        value = new
    if goal is not _NO_VALUE:
        last = next(place for place in reversed(range(len(walked))) if walked[place] is not None)
        reached = _as_captured(value, goal, bool(chain[last][1].get("doubtful")))
        if reached is _NO_VALUE:
            return None
        walked[last] = {**(walked[last] or {}), "new": reached}
    elif any(item.get("doubtful") for _, item in chain):
        return None
    return walked


def _as_captured(told: Any, captured: Any, doubtful: bool) -> Any:
    """The captured value where the told one is it, though written as text; _NO_VALUE where it is another one, or nothing is known."""
    if captured is _NO_VALUE:
        return _NO_VALUE if doubtful else told
    if told is _NO_VALUE or canonical_text(told) == canonical_text(captured):
        return captured
    if doubtful and isinstance(told, str) and isinstance(captured, (bool, int, float)):
        return captured if told == canonical_text(captured) else _NO_VALUE
    return _NO_VALUE


def _following(chain: list[tuple[int, dict[str, Any]]], at: int, goal: Any) -> Any:
    for _, item in chain[at + 1 :]:
        if "old" in item:
            return item["old"]
        if "added" in item:
            return _NO_VALUE
    return goal


def _applied(value: Any, item: dict[str, Any]) -> Any:
    """The list with what was added and without what was removed; _NO_VALUE where it is no list, or lacks what was removed."""
    if value is not None and not isinstance(value, list):
        return _NO_VALUE
    members = {canonical_text(one): one for one in value or ()}
    removed = {canonical_text(one) for one in item.get("removed") or ()}
    added = {canonical_text(one): one for one in item.get("added") or ()}
    if removed - members.keys() - added.keys():
        return _NO_VALUE
    left = {text: one for text, one in members.items() if text not in removed or text in added} | added
    return [left[text] for text in sorted(left)] or None


def _address(text: Any) -> str | None:
    """What PostgreSQL takes for an address; sources keep other things there, too."""
    try:
        return str(ipaddress.ip_address(str(text).strip())) if isinstance(text, str) else None
    except ValueError:
        return None
