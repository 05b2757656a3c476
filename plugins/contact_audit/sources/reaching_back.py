"""Reaching back: where a span's base has no usable row of a contact, its evidence begins where a capture last had one.

For such a contact the captures in between are as if they were not there (evidence/stretches.py): its pair begins before the base.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from contact_audit import model
from contact_audit.evidence.states import with_faults
from contact_audit.evidence.values import Codes
from contact_audit.sources.base import JudgingSession
from contact_audit.windows import Span

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Further:
    """What a span rests on besides.

    Attributes:
        states: model.STATES: how the contacts were at the base, and how those it does not know were when one last did.
        journals: tables of model.JOURNAL: the entries of the latter since then.
        first: position of the capture that the evidence begins with now.
    """

    states: pa.Table
    journals: Sequence[pa.Table]
    first: int


@dataclass(frozen=True)
class Back:
    """Who is asked about what lies before a span.

    Attributes:
        session: the source; usable: its usable captures; ignored: ids of the others; skew: see rule 9.
    """

    session: JudgingSession
    usable: pd.DataFrame
    ignored: Codes
    skew: timedelta


def reach_back(back: Back, base: int, states: pa.Table, later: tuple[Iterable[pa.Table], pa.Table]) -> Further:
    """Add the evidence of the contacts that the capture at `base` has no usable row of; O(these contacts * captures since then).

    `states`: how contacts are at the base; `later`: what captures after it say, and the journal. A contact of which neither says
    anything that can be used has nothing to explain.
    """
    states, skew = with_faults(states), back.skew
    moments, ids = back.usable["captured_at"], back.usable["snapshot_id"].to_numpy(np.int64)
    unknown = states.filter(pc.is_valid(states["fault"]))["contact_id"].to_numpy()
    starting = np.setdiff1d(_near(later[1], moments.iloc[base].to_pydatetime(), skew), unknown)
    starting = _never_known(back, base - 1, starting)
    tables, journals = [_unknown(starting, int(ids[base - 1]))], []
    first = base - 1 if len(starting) else base
    contacts = _to_explain(unknown, *later)
    known = _last_known(back, base, contacts).dropna(subset=["known_at"])
    known = known.assign(
        known=moments.searchsorted(known["known_at"]), lost=ids[moments.searchsorted(known["lost_at"])]
    )
    until = moments.iloc[base].to_pydatetime() - skew - _INSTANT
    for position in np.unique(known["known"].to_numpy(np.int64)).tolist():
        begin = position
        while begin > 0 and moments.iloc[begin] - moments.iloc[begin - 1] <= 2 * skew:
            begin -= 1
        whose = known.loc[known["known"] == position, "contact_id"].to_numpy(np.int64)
        for place in range(begin, position + 1):
            there = with_faults(back.session.states_at(back.usable, place, whose, back.ignored))
            tables.append(there)
            if place == begin:
                tables.append(_absent(np.setdiff1d(whose, there["contact_id"].to_numpy()), int(ids[begin])))
        journals.append(back.session.journal_of(whose, moments.iloc[begin].to_pydatetime() - skew - _INSTANT, until))
        first = min(first, begin)
    return Further(pa.concat_tables([_moved(states, known), *tables]), journals, first)


def entries_before_history(back: Back, last: int, after: datetime, span: Span) -> pa.Table:
    """model.JOURNAL: the entries of the span after the last capture that it reads, at `last`, of contacts whose history has not begun.

    Such a contact has had rows that cannot be used, and no other, since the very first capture. What is told of it belongs to the window of
    its own moment (rule 8), and waits for no capture. O(entries of that time) index look-ups.
    """
    journal = back.session.early_entries(int(back.usable["snapshot_id"].iloc[0]), after, span.end)
    moment = back.usable["captured_at"].iloc[last].to_pydatetime()
    near = _near(journal, moment, back.skew) if last > 0 else np.zeros(0, np.int64)
    never = np.union1d(
        _never_known(back, last, np.unique(journal["contact_id"].drop_null().to_numpy())),
        _never_known(back, last - 1, near),
    )
    return journal.filter(pc.is_in(journal["contact_id"], pa.array(never, pa.int64())))


def _near(journal: pa.Table, moment: datetime, skew: timedelta) -> Codes:
    """The contacts with entries within skew of a capture."""
    low, high = (pa.scalar(one, model.JOURNAL.field("occurred_at").type) for one in (moment - skew, moment + skew))
    near = pc.and_(pc.greater_equal(journal["occurred_at"], low), pc.less_equal(journal["occurred_at"], high))
    return np.unique(journal.filter(pc.fill_null(near, False))["contact_id"].drop_null().to_numpy())


def _never_known(back: Back, position: int, contacts: Codes) -> Codes:
    """Those of the contacts of which captures until one have had rows, and none that can be used."""
    if not len(contacts):
        return contacts
    states = with_faults(back.session.states_at(back.usable, position, contacts, back.ignored))
    unknown = states.filter(pc.is_valid(states["fault"]))["contact_id"].to_numpy()
    known = _last_known(back, position, unknown)
    never: Codes = known.loc[known["known_at"].isna(), "contact_id"].to_numpy(np.int64)
    return never


def _last_known(back: Back, position: int, contacts: Codes) -> pd.DataFrame:
    """As the session says; without asking, where there is nobody to ask about."""
    if len(contacts):
        return back.session.last_known(back.usable, position, contacts, back.ignored)
    moments = pd.Series([], dtype="datetime64[us, UTC]")
    return pd.DataFrame({"contact_id": pd.Series([], dtype="int64"), "known_at": moments, "lost_at": moments})


def _to_explain(unknown: Codes, tables: Iterable[pa.Table], journal: pa.Table) -> Codes:
    """The contacts that a later capture knows again, or that have entries."""
    again = [table.filter(pc.is_null(table["fault"]))["contact_id"] for table in map(with_faults, tables)]
    said = [column.drop_null().to_numpy() for column in (*again, journal["contact_id"])]
    return np.intersect1d(unknown, np.concatenate(said))


def _moved(states: pa.Table, known: pd.DataFrame) -> pa.Table:
    """The rows at the base; those that cannot be used stand where the first such row stood."""
    lost = dict(zip(known["contact_id"].tolist(), known["lost"].tolist(), strict=True))
    snapshots = [
        lost.get(contact, snapshot)
        for contact, snapshot in zip(states["contact_id"].to_pylist(), states["snapshot_id"].to_pylist(), strict=True)
    ]
    return states.set_column(
        states.schema.get_field_index("snapshot_id"), "snapshot_id", pa.array(snapshots, pa.int64())
    )


def _absent(contacts: Codes, snapshot_id: int) -> pa.Table:
    rows = [{"contact_id": one, "snapshot_id": snapshot_id, "present": False} for one in contacts.tolist()]
    return model.judged(pa.Table.from_pylist(rows, schema=model.STATES), model.STATES)


def _unknown(contacts: Codes, snapshot_id: int) -> pa.Table:
    rows = [
        {"contact_id": one, "snapshot_id": snapshot_id, "present": True, "fault": "cannot be used"}
        for one in contacts.tolist()
    ]
    return pa.Table.from_pylist(rows, schema=pa.schema([*model.STATES, *model.JUDGED]))
