"""Rows: events written out with all columns of the audit log, and the entries that are no event.

Who, from where, in whose name and through which channel come from the entry, or from what all candidates agree on (rule 4). Into whom
a contact was merged tells the entry, or the capture that shows the contact gone.
"""

from hashlib import blake2b
from itertools import pairwise
from typing import Any

import numpy as np
import orjson
import pandas as pd

from contact_audit import model
from contact_audit.attribution.accounts import event_accounts
from contact_audit.attribution.early import early_end
from contact_audit.attribution.events import Events
from contact_audit.evidence.states import WINDOW, Evidence, from_microseconds, window_end
from contact_audit.evidence.values import Codes

_AUTHOR = ["author_type", "author_id", "author_name", "ip_address", "channel"]
_TOLD = [*_AUTHOR, "on_behalf_of"]
_MERGE = "merge"
"""The channel of a delete that was a merge, whatever its entry says: undoing one takes more than creating a contact anew."""


def event_rows(evidence: Evidence, events: Events) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of model.EVENTS, and their changes as codes: event (row), contact, pair, field, old, new; both in event order."""
    frame = events.frame
    pair = frame["pair"].to_numpy(np.int64)
    early = pair == 0
    closing = evidence.moments[pair] if len(evidence.moments) else frame["at"].to_numpy(np.int64)
    contact = frame["contact"].to_numpy(np.int64)
    end = window_end(closing)
    end[early] = early_end(evidence, frame["entry"].to_numpy(np.int64)[early])
    order = np.lexsort((frame["rank"], frame["begin"], frame["slot"], pair, contact, end))
    frame, pair, early, end, contact = frame.iloc[order], pair[order], early[order], end[order], contact[order]
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))

    rank = np.empty(len(evidence.fields), np.int64)
    rank[np.argsort(np.array(evidence.fields.names, object))] = np.arange(len(evidence.fields))
    by_field = np.lexsort((rank[events.field], place[events.event]))
    changes = pd.DataFrame(
        {
            "event": place[events.event][by_field],
            "field": events.field[by_field],
            "old": events.old[by_field],
            "new": events.new[by_field],
        }
    )
    changes.insert(1, "contact", contact[changes["event"]])
    changes.insert(2, "pair", pair[changes["event"]])

    entry = frame["entry"].to_numpy(np.int64)
    known = entry >= 0
    snapshots = evidence.captures["snapshot_id"].to_numpy(np.int64)
    authors = _authors(evidence, frame, entry)
    text = _changes_text(evidence, changes, len(frame))
    entry_id = _or_null(evidence.journal.entries["entry_id"].to_numpy(np.int64), entry, known)
    candidates = _candidates(evidence, frame)
    previous = _or_null(snapshots, evidence.states.stretches.opening(contact, pair), ~early)
    current = _or_null(snapshots, pair, ~early)
    contact_id = evidence.contacts[contact] if len(contact) else contact
    merged_into = _merged_into(evidence, contact, pair, entry, frame["action"].to_numpy(object))
    authors.loc[merged_into.notna(), "channel"] = _MERGE
    rows = pd.DataFrame(
        {
            "event_id": "",
            "account_id": event_accounts(evidence, contact, pair, entry, frame["action"].to_numpy(object), changes),
            "contact_id": contact_id,
            "action": frame["action"].to_numpy(object),
            **{name: authors[name].to_numpy(object) for name in _AUTHOR},
            "occurred_at": from_microseconds(frame["at"].to_numpy(np.int64)),
            "occurred_after": from_microseconds(frame["after"].to_numpy(np.int64)),
            "sequence": pd.DataFrame({"contact": contact, "end": end}).groupby(["contact", "end"]).cumcount() + 1,
            "changes": text,
            "attribution": authors["attribution"].to_numpy(object),
            "journal_entry_id": entry_id,
            "candidates": candidates,
            "previous_snapshot_id": previous,
            "snapshot_id": current,
            "window_start": from_microseconds(end - WINDOW),
            "window_end": from_microseconds(end),
            "merged_into": merged_into,
            "on_behalf_of": authors["on_behalf_of"].to_numpy(object),
        }
    )
    rows["event_id"] = _event_ids(rows, frame["after"].to_numpy(np.int64), frame["at"].to_numpy(np.int64))
    return rows.astype(dict.fromkeys(model.EVENT_TEXTS, "str")), changes


def _or_null(column: Codes, position: Codes, known: "np.typing.NDArray[np.bool_]") -> "pd.Series[Any]":
    values = column[np.where(known, position, 0)] if len(column) else np.zeros(len(position), np.int64)
    return pd.Series(pd.array(values, dtype="Int64")).mask(~known)


def _authors(evidence: Evidence, frame: pd.DataFrame, entry: Codes) -> pd.DataFrame:
    """author, ip_address, channel and on_behalf_of of each event, and its attribution (rule 4 may make it ambiguous)."""
    authors = evidence.journal.entries[_TOLD].reindex(pd.Index(entry)).reset_index(drop=True)
    authors["attribution"] = frame["attribution"].to_numpy(object)
    authors["author_type"] = authors["author_type"].fillna("unknown")
    shared = frame["candidates"].notna().to_numpy().nonzero()[0]
    if len(shared):
        agreed = _agreed(evidence, frame["candidates"].iloc[shared])
        for name in _TOLD:
            authors.loc[shared, name] = agreed[name].astype(object).to_numpy()
        authors.loc[shared[~agreed["one_author"].to_numpy(bool)], "attribution"] = "ambiguous"
    return authors


def _agreed(evidence: Evidence, candidates: "pd.Series[Any]") -> pd.DataFrame:
    """What all candidates of each event agree on; the rest is null (rule 4). One row an event."""
    event = np.repeat(np.arange(len(candidates)), candidates.map(len))
    each = evidence.journal.entries[_TOLD].iloc[np.concatenate([list(one) for one in candidates])]
    each = each.reset_index(drop=True).astype(object).where(lambda column: column.notna(), None)
    has_id = each["author_id"].notna()
    nobody = ~has_id & each["author_name"].isna()
    who = pd.DataFrame(
        {
            "type": each["author_type"],
            "has_id": has_id,
            "who": each["author_id"].where(has_id, each["author_name"]),
            "nobody": np.where(nobody, np.arange(len(each)), -1),
        }
    )
    author = who.groupby(["type", "has_id", "who", "nobody"], dropna=False).ngroup()
    by_event = each.groupby(event)
    agreed = by_event.first()
    same = by_event.nunique(dropna=False) == 1  # noqa: PD101 (of groups, not of a series)
    agreed = agreed.where(same, None)
    agreed["one_author"] = (author.groupby(event).nunique() == 1).to_numpy()  # noqa: PD101
    agreed.loc[~agreed["one_author"], ["author_id", "author_name", "on_behalf_of"]] = None
    agreed.loc[~agreed["one_author"], "author_type"] = "unknown"
    return agreed


def _merged_into(
    evidence: Evidence, contact: Codes, pair: Codes, entry: Codes, action: "np.typing.NDArray[Any]"
) -> "pd.Series[Any]":
    """The survivor's id of each event that is a merge, as text: as its entry tells, or of the death without an entry that leaves the
    contact gone at the current capture, as that one tells. Nobody is merged into itself.
    """
    died = action == "delete"
    told = evidence.journal.entries["merged_into"].reindex(pd.Index(entry)).reset_index(drop=True).astype(object)
    key = pd.Series(contact * (len(evidence.moments) + 1) + pair)
    last = np.zeros(len(contact), bool)
    last[died] = ~key[died].duplicated(keep="last").to_numpy()
    state = evidence.states.at(contact, pair) if len(evidence.moments) else np.full(len(contact), -1)
    shown = last & (entry < 0) & (state >= 0) & ~evidence.states.exists(state)
    captured = evidence.states.merged_into.reindex(pd.Index(state)).reset_index(drop=True).astype(object)
    found = told.where(entry >= 0, captured.where(shown, None)).where(died, None)
    own = pd.Series(evidence.contacts[contact] if len(contact) else contact).astype("str").astype(object)
    return found.where(found.notna() & (found != own), None)


def _candidates(evidence: Evidence, frame: pd.DataFrame) -> "pd.Series[Any]":
    ids = evidence.journal.entries["entry_id"].to_numpy(np.int64)
    # Row by row, but most rows have none.
    texts = [
        None if positions is None else orjson.dumps(ids[list(positions)].tolist()).decode()
        for positions in frame["candidates"].tolist()
    ]
    return pd.Series(texts, dtype=object)


def _changes_text(evidence: Evidence, changes: pd.DataFrame, count: int) -> "np.typing.NDArray[np.object_]":
    """The JSON text of each event's changes, sorted by field."""
    names = [orjson.dumps(name).decode() for name in evidence.fields.names]
    texts = evidence.values.texts  # noqa: PD011 (no frame)
    # Row by row: text of its own for each change, 0.4 µs; there is no column operation that joins texts by group.
    pieces = [
        f'{{"field":{names[field]},"old":{texts[old]},"new":{texts[new]}}}'
        for field, old, new in zip(
            changes["field"].tolist(), changes["old"].tolist(), changes["new"].tolist(), strict=True
        )
    ]
    bounds = np.searchsorted(changes["event"].to_numpy(), np.arange(count + 1)).tolist()
    joined = ["[" + ",".join(pieces[low:high]) + "]" for low, high in pairwise(bounds)]
    return np.array([*joined, None], dtype=object)[:-1]


def _event_ids(rows: pd.DataFrame, after: Codes, at: Codes) -> "np.typing.NDArray[np.object_]":
    """128-bit digests of the evidence: contact, pair of captures, and the entry; without one also what changed between when.

    The same evidence gives the same id on every run and in every chunking.
    """
    contact, previous, current, entry = (
        rows[name].tolist() for name in ("contact_id", "previous_snapshot_id", "snapshot_id", "journal_entry_id")
    )
    without = rows["journal_entry_id"].isna().to_numpy()
    details = np.full(len(rows), "", dtype=object)
    details[without] = [
        f"|{action}|{start}|{end}|{candidates}|{changes}"
        for action, start, end, candidates, changes in zip(
            rows["action"][without],
            after[without],
            at[without],
            rows["candidates"][without],
            rows["changes"][without],
            strict=True,
        )
    ]
    keys = [
        f"{one}|{two}|{three}|{four}{five}"
        for one, two, three, four, five in zip(contact, previous, current, entry, details, strict=True)
    ]
    # Two births or deaths without an entry may look alike in one pair.
    again = pd.Series(keys, dtype=object)[without].pipe(lambda some: some.groupby(some).cumcount())
    for position, number in again[again > 0].items():
        keys[int(position)] += f"|{number}"  # type: ignore[call-overload]
    return np.array([*(blake2b(key.encode(), digest_size=16).hexdigest() for key in keys), None], dtype=object)[:-1]


def entries_without_event(
    evidence: Evidence, entry: Codes, reason: "np.typing.NDArray[np.object_]", end: Codes
) -> pd.DataFrame:
    """The rows of model.ENTRIES_WITHOUT_EVENT for the entries (positions) with their reasons and window ends (µs)."""
    rows = evidence.journal.entries.iloc[entry]
    merged_into = rows["merged_into"].where(rows["action"] == "delete").reset_index(drop=True)
    on_behalf_of = rows["on_behalf_of"].reset_index(drop=True)
    columns = ["entry_id", "account_id", "contact_id", "occurred_at", "action", *_AUTHOR]
    rows = rows[columns].reset_index(drop=True)
    rows["author_type"] = rows["author_type"].fillna("unknown")
    rows["reason"] = pd.Series(reason, dtype="str")
    rows["window_start"] = from_microseconds(end - WINDOW)
    rows["window_end"] = from_microseconds(end)
    rows["merged_into"], rows["on_behalf_of"] = merged_into, on_behalf_of
    return rows.sort_values(["window_end", "entry_id"], ignore_index=True)
