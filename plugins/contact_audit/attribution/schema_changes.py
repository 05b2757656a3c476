"""Schema changes: a field that appears, disappears or is renamed for all contacts of an account at once is one record, not an event each.

Pure: what only the source can say (whether really no contact is left out) comes in as a function. Nobody's edit looks like this: so
such a gap is not given to an entry that does not name its field.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import orjson
import pandas as pd

from contact_audit import model
from contact_audit.attribution.diff import net_changes
from contact_audit.evidence.journal import ACCOUNT, Flags
from contact_audit.evidence.states import WINDOW, Evidence, from_microseconds, window_end
from contact_audit.evidence.values import NULL, Codes

Use = Callable[[int, int, str], tuple[int, int] | None]
"""(snapshot_id, account_id, field) → how many contacts of the account there are at that capture, and how many of them hold a value of
the field; None where the source no longer has the capture."""


@dataclass(frozen=True)
class SchemaChanges:
    """The fields that changed for all contacts of an account at once, one row each.

    Attributes:
        account: account id; pair: position of the later capture; field: field code.
        kind: appeared, disappeared or renamed; to: the new field's code of a renamed one, else -1.
    """

    account: Codes
    pair: Codes
    field: Codes
    kind: "np.typing.NDArray[np.object_]"
    to: Codes

    @classmethod
    def none(cls) -> "SchemaChanges":
        """No schema change."""
        nothing = np.zeros(0, np.int64)
        return cls(nothing, nothing, nothing, np.zeros(0, object), nothing)

    def row_of(self, account: Codes, pair: Codes, field: Codes, appears: bool) -> Codes:
        """The row that makes each account's field appear, or disappear, in each pair; -1 where none does."""
        rows = np.flatnonzero(self.kind != ("disappeared" if appears else "appeared"))
        names = np.where(appears & (self.to[rows] >= 0), self.to[rows], self.field[rows])
        known = pd.Series(rows, index=pd.MultiIndex.from_arrays([self.account[rows], self.pair[rows], names]))
        found: Codes = known.reindex(pd.MultiIndex.from_arrays([account, pair, field])).fillna(-1).to_numpy(np.int64)
        return found


def schema_changes(evidence: Evidence, at_least: int, use: Use) -> SchemaChanges:
    """Find the schema changes of the evidence's pairs.

    A field has disappeared where at least `at_least` contacts that are there before and after lose their value of it and no contact
    of the account holds one any more; it has appeared where as many gain one, none held one before, and all hold one now; it was
    renamed where one field's values are gone and the very same values are there under another name.
    """
    moves = _moves(evidence)
    counts = moves.groupby(["account", "pair", "field"])["way"].agg(["size", "nunique", "first"]).reset_index()
    suspect = counts[(counts["nunique"] == 1) & (counts["first"] != "other") & (counts["size"] >= at_least)]
    if suspect.empty:
        return SchemaChanges.none()
    moved = _moved(evidence)
    snapshots = evidence.captures["snapshot_id"].to_numpy(np.int64)
    found: list[tuple[int, int, int, str, int]] = []
    for key, fields in suspect.groupby(["account", "pair"]):
        account, pair = (int(one) for one in np.asarray(key))
        mine = moves[(moves["account"] == account) & (moves["pair"] == pair)]
        before, now = (
            _uses(
                use,
                int(snapshots[at]),
                account,
                evidence,
                moved[(moved["pair"] == pair) & (moved[way] == account)],
                way,
            )
            for at, way in ((pair - 1, "left"), (pair, "reached"))
        )
        gone = [one for one in fields.loc[fields["first"] == "gone", "field"].tolist() if _held_by(now(one)) == 0]
        came = [one for one in fields.loc[fields["first"] == "came", "field"].tolist() if _held_by(before(one)) == 0]
        renamed: set[int] = set()
        for field in gone:
            values = _values(mine, field, "old")
            to = next((one for one in came if one not in renamed and values == _values(mine, one, "new")), -1)
            renamed |= {to} - {-1}
            found.append((account, pair, field, "disappeared" if to < 0 else "renamed", to))
        for field in came:
            there = now(field)
            if field not in renamed and there is not None and there[0] == there[1]:
                found.append((account, pair, field, "appeared", -1))
    return SchemaChanges(
        account=np.array([one[0] for one in found], np.int64),
        pair=np.array([one[1] for one in found], np.int64),
        field=np.array([one[2] for one in found], np.int64),
        kind=np.array([one[3] for one in found], object),
        to=np.array([one[4] for one in found], np.int64),
    )


def _moves(evidence: Evidence) -> pd.DataFrame:
    """contact, account, pair, field, old, new (codes) and way (gone, came, other) of the changes of contacts that stay in one account."""
    states = evidence.states
    _, changes = net_changes(states)
    before, after = states.at(changes.contact, changes.pair - 1), states.at(changes.contact, changes.pair)
    account = states.account.to_numpy(np.int64, na_value=-1)
    stays = states.exists(before) & states.exists(after) & (account[before] == account[after])
    before, after = before[stays], after[stays]
    field = changes.field[stays]
    old, new = states.value(before, field), states.value(after, field)
    return pd.DataFrame(
        {
            "contact": changes.contact[stays],
            "account": account[after],
            "pair": changes.pair[stays],
            "field": field,
            "old": old,
            "new": new,
            "way": np.where(new == NULL, "gone", np.where(old == NULL, "came", "other")),
        }
    )


def _moved(evidence: Evidence) -> pd.DataFrame:
    """pair, left and reached (accounts), before and after (states) of the contacts that are in another account than before."""
    states = evidence.states
    _, changes = net_changes(states)
    of_account = changes.field == ACCOUNT
    pair = changes.pair[of_account]
    before, after = (states.at(changes.contact[of_account], at) for at in (pair - 1, pair))
    stays = states.exists(before) & states.exists(after)
    account = states.account.to_numpy(np.int64, na_value=-1)
    frame = pd.DataFrame({"pair": pair, "before": before, "after": after})[stays].reset_index(drop=True)
    return frame.assign(left=account[frame["before"]], reached=account[frame["after"]])


def _uses(
    use: Use, snapshot_id: int, account: int, evidence: Evidence, moved: pd.DataFrame, way: str
) -> Callable[[int], tuple[int, int] | None]:
    """How many contacts there are, and hold the field, without those that have left the account since, or reached it."""
    state = moved["before" if way == "left" else "after"].to_numpy(np.int64)

    def without_moved(field: int) -> tuple[int, int] | None:
        found = use(snapshot_id, account, evidence.fields.names[field])
        held = evidence.states.value(state, np.full(len(state), field)) != NULL
        return None if found is None else (found[0] - len(state), found[1] - int(np.count_nonzero(held)))

    return without_moved


def _held_by(use: tuple[int, int] | None) -> int | None:
    return None if use is None else use[1]


def _values(moves: pd.DataFrame, field: int, column: str) -> dict[int, int]:
    rows = moves[moves["field"] == field]
    return dict(zip(rows["contact"].tolist(), rows[column].tolist(), strict=True))


@dataclass(frozen=True)
class Taken:
    """The gaps that schema changes account for, one row each.

    Attributes:
        change: row of SchemaChanges; contact, pair, field, old, new: codes; appears: whether it opens its pair (else it closes it).
    """

    change: Codes
    contact: Codes
    pair: Codes
    field: Codes
    old: Codes
    new: Codes
    appears: Flags

    def replayed(self, after: int) -> pd.DataFrame:
        """As changes to replay: contact, pair, field, old, new, and `event`: before all events, or `after` all of them."""
        return pd.DataFrame(
            {
                "event": np.where(self.appears, -1, after),
                "contact": self.contact,
                "pair": self.pair,
                "field": self.field,
                "old": self.old,
                "new": self.new,
            }
        )


def rows(evidence: Evidence, changes: SchemaChanges, taken: Taken) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of model.SCHEMA_CHANGES and of model.SCHEMA_CHANGE_VALUES; none for a change that no gap is left for."""
    texts = np.array(evidence.values.texts, dtype=object)  # noqa: PD011 (no frame)
    names = np.array(evidence.fields.names, dtype=object)
    values = pd.DataFrame(
        {
            "change": taken.change,
            "contact_id": evidence.contacts[taken.contact],
            "field": names[taken.field],
            "old": texts[taken.old],
            "new": texts[taken.new],
        }
    ).sort_values(["change", "contact_id", "field"], ignore_index=True)
    used = np.unique(taken.change)
    pair = changes.pair[used]
    snapshots = evidence.captures["snapshot_id"].to_numpy(np.int64)
    at, after = evidence.moments[pair], evidence.moments[pair - 1]
    end = window_end(at)
    frame = pd.DataFrame(
        {
            "schema_change_id": "",
            "account_id": changes.account[used],
            "kind": changes.kind[used],
            "field": names[changes.field[used]],
            "renamed_to": pd.Series(names[changes.to[used]], dtype=object).where(changes.to[used] >= 0, None),
            "contacts": values.groupby("change")["contact_id"].nunique().reindex(used).to_numpy(np.int64),
            "occurred_after": from_microseconds(after),
            "occurred_at": from_microseconds(at),
            "previous_snapshot_id": snapshots[pair - 1],
            "snapshot_id": snapshots[pair],
            "window_start": from_microseconds(end - WINDOW),
            "window_end": from_microseconds(end),
        }
    )
    by_change = dict(tuple(values.groupby("change")))
    told = ["account_id", "kind", "field", "renamed_to", "previous_snapshot_id", "snapshot_id"]
    frame["schema_change_id"] = [
        _identity(row, by_change[change]) for row, change in zip(frame[told].itertuples(index=False), used, strict=True)
    ]
    values["schema_change_id"] = frame["schema_change_id"].to_numpy(object)[np.searchsorted(used, values["change"])]
    order = list(model.SCHEMA_CHANGE_VALUES.columns)
    return (
        frame.astype(dict.fromkeys(("schema_change_id", "kind", "field", "renamed_to"), "str")),
        values[order].astype(dict.fromkeys(("schema_change_id", "field", "old", "new"), "str")),
    )


def _identity(row: tuple[Any, ...], values: pd.DataFrame) -> str:
    """A 128-bit digest of all that a schema change says, its values included: the same evidence gives the same id."""
    columns = [values[name].tolist() for name in ("contact_id", "field", "old", "new")]
    return blake2b(orjson.dumps([list(row), columns], option=orjson.OPT_SERIALIZE_NUMPY), digest_size=16).hexdigest()
