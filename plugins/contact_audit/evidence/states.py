"""The evidence of one span, read: captures, what the contacts were in each, and what the journal says.

Contacts, fields and values are small integers here; look-ups work on whole columns.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from contact_audit import model
from contact_audit.evidence.journal import ACCOUNT, Fields, Flags, Journal, read_journal
from contact_audit.evidence.stretches import Stretches
from contact_audit.evidence.values import NULL, Codes, Values, distinct_texts, parse, storable
from contact_audit.windows import Span

WINDOW = 3 * 3600 * 1_000_000
"""A window's length in µs."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Extract:
    """What a source delivers for a span of windows.

    Attributes:
        span: the windows that are to be derived.
        captures: frame of model.CAPTURES: the base capture (and those within reach of its skew), then those of the span.
        from_the_first: True where the first of `captures` is the source's very first, or the source has none: what lies before it
            is rule 8's.
        states: table of model.STATES: how each contact concerned was at the base, and each capture in which it differs.
        journal: table of model.JOURNAL.
        base: position of the base among `captures`. Those before it are there for contacts of which the base has no usable row; their
            states and entries reach back to the capture that last had one, or they have none.
    """

    span: Span
    captures: pd.DataFrame
    from_the_first: bool
    states: pa.Table
    journal: pa.Table
    base: int = 0


@dataclass(frozen=True)
class States:
    """What contacts were, as columns ordered by (contact, capture).

    Attributes:
        contact: contact code; capture: position of the capture from which on the state holds; int64.
        present: whether the contact exists.
        account, created_at: Int64 and UTC series with missing values.
        key: state * number of fields + field, ordered; code: the value there. Null values have no row.
        lookup: contact * number of captures + capture, ordered.
        untold: captures that were read otherwise than the one before: what differs there is no change.
        merged_into: the survivor's id as text, of who was merged; else missing.
        stretches: where rows that cannot be used leave open what a contact was; there, its state is the last that is known.
    """

    contact: Codes
    capture: Codes
    present: Flags
    account: "pd.Series[Any]"
    created_at: "pd.Series[Any]"
    key: Codes
    code: Codes
    lookup: Codes
    captures: int
    width: int
    untold: Codes
    merged_into: "pd.Series[Any]"
    stretches: Stretches

    def at(self, contact: Codes, capture: Codes) -> Codes:
        """The position of each contact's state at each capture; -1 where it was never present until then."""
        found = np.searchsorted(self.lookup, contact * self.captures + capture, side="right") - 1
        same = found >= 0
        same[same] = self.contact[found[same]] == contact[same]
        return np.where(same, found, -1)

    def exists(self, state: Codes) -> Flags:
        """Whether each state (-1: none) is that of a contact which is there."""
        return (state >= 0) & self.present[state] if len(self.present) else np.zeros(len(state), bool)

    def value(self, state: Codes, field: Codes) -> Codes:
        """The value code of each field in each state (-1: none, all null)."""
        if not len(self.key):
            return np.full(len(state), NULL, np.int64)
        wanted = state * self.width + field
        found = np.minimum(np.searchsorted(self.key, wanted), len(self.key) - 1)
        return np.where((state >= 0) & (self.key[found] == wanted), self.code[found], NULL)

    def fields_of(self, state: Codes) -> tuple[Codes, Codes]:
        """All non-null fields of the given states: (position in `state`, field)."""
        start = np.searchsorted(self.key, state * self.width)
        end = np.searchsorted(self.key, (state + 1) * self.width)
        count = np.where(state >= 0, end - start, 0)
        position, row = expand(start, count)
        return position, self.key[row] % self.width


@dataclass(frozen=True)
class Evidence:
    """The evidence of a span, ready for diff and attribution.

    Attributes:
        span, captures, from_the_first: as extracted; moments: the captures' captured_at in µs.
        contacts: the contact ids, ordered; a contact's code is its position.
        journal: the usable entries; contact: each entry's contact code; moment: each entry's occurred_at in µs.
        rejected_states: snapshot_id, contact_id (Int64), used, row (JSON text), reason; of no capture: snapshot_id is none of ours.
        sighted: whether each entry tells the capture that saw it first, and lies before that one whatever its clock says (rule 9).
    """

    span: Span
    captures: pd.DataFrame
    from_the_first: bool
    moments: Codes
    contacts: Codes
    fields: Fields
    values: Values
    states: States
    journal: Journal
    contact: Codes
    moment: Codes
    rejected_states: pd.DataFrame
    sighted: bool = False


def microseconds(column: "pd.Series[Any]") -> Codes:
    """A UTC column without missing values as µs since 1970, int64."""
    moments: Codes = column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]").astype(np.int64)
    return moments


def from_microseconds(moments: Codes) -> "pd.Series[Any]":
    """µs since 1970 as a UTC column."""
    return pd.Series(moments.astype("datetime64[us]")).dt.tz_localize("UTC")


def captures_before(evidence: Evidence, entry: Codes) -> Codes:
    """How many captures each entry (position) comes after by its clock; with sight, by the capture that saw it first."""
    if evidence.sighted:
        seen = evidence.journal.entries["seen_snapshot_id"].to_numpy(np.int64)[entry]
        return np.searchsorted(evidence.captures["snapshot_id"].to_numpy(np.int64), seen).astype(np.int64)
    return np.searchsorted(evidence.moments, evidence.moment[entry], side="left").astype(np.int64)


def window_end(moment: Codes) -> Codes:
    """The end of the window that holds each moment, in µs; a moment on a border ends its window."""
    return -(-moment // WINDOW) * WINDOW


def as_microseconds(moment: datetime) -> int:
    """An aware datetime as µs since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def read(extract: Extract) -> Evidence:
    """Read an extract: clean it, and give contacts, fields and values their codes."""
    fields, values = Fields(), Values()
    journal = read_journal(extract.journal, fields, values)
    good, unusable, rejected = _usable_states(extract.states)
    contacts = np.unique(
        np.concatenate(
            [
                good["contact_id"].to_numpy(),
                unusable["contact_id"].to_numpy(),
                journal.entries["contact_id"].to_numpy(np.int64),
            ]
        )
    )
    return Evidence(
        span=extract.span,
        captures=extract.captures,
        from_the_first=extract.from_the_first,
        moments=microseconds(extract.captures["captured_at"]),
        contacts=contacts,
        fields=fields,
        values=values,
        states=_read_states(good, unusable, extract, contacts, fields, values),
        journal=journal,
        contact=np.searchsorted(contacts, journal.entries["contact_id"].to_numpy(np.int64)),
        moment=microseconds(journal.entries["occurred_at"]),
        rejected_states=rejected,
        sighted=bool(extract.journal.num_rows) and extract.journal["seen_snapshot_id"].null_count == 0,
    )


def with_faults(table: pa.Table) -> pa.Table:
    """The table of model.STATES with the columns of model.JUDGED; `fault` says of every row that cannot be used why."""
    table = model.judged(table, model.STATES)
    no_object = pc.and_(table["present"], pc.invert(pc.fill_null(pc.starts_with(table["custom_fields"], "{"), False)))
    faults = pc.coalesce(
        table["fault"], pc.if_else(no_object, pa.scalar("custom_fields is not an object"), pa.scalar(None, pa.string()))
    )
    return table.set_column(table.schema.get_field_index("fault"), "fault", faults)


def _usable_states(table: pa.Table) -> tuple[pa.Table, pa.Table, pd.DataFrame]:
    """The rows that can be used; the contacts and captures of those that cannot; and what is to be told of both."""
    table = with_faults(table)
    usable = pc.is_null(table["fault"])
    told = table.filter(pc.or_(pc.invert(usable), pc.is_valid(table["note"])))
    # Row by row: what is wrong is rare.
    rows = [_told(row, text) for row in told.to_pylist() for text in _wholes(row)]
    rejected = pd.DataFrame(rows, columns=["snapshot_id", "contact_id", "used", "row", "reason"])
    rejected = rejected.astype({"used": bool, "row": "str", "reason": "str"})
    for name in ("snapshot_id", "contact_id"):
        rejected[name] = pd.array([row[name] for row in rows], dtype="Int64")
    aside = table.filter(pc.invert(usable)).select(["contact_id", "snapshot_id"])
    return (
        table.filter(usable).drop_columns(model.JUDGED.names),
        aside.filter(pc.and_(pc.is_valid(aside["contact_id"]), pc.is_valid(aside["snapshot_id"]))),
        rejected.drop_duplicates(ignore_index=True),
    )


def _wholes(row: dict[str, Any]) -> list[str]:
    """The texts of the rows that a judged one stands for, as the database gives them, or else of its columns."""
    if row["whole"] is not None:
        return str(row["whole"]).split(model.SEPARATOR)
    columns = {name: row[name] for name in model.STATES.names if name != "present"}
    columns = {name: given for name, given in columns.items() if given is not None or name not in model.MAYBE}
    if columns["custom_fields"] is not None:
        columns["custom_fields"] = orjson.Fragment(columns["custom_fields"])
    return [orjson.dumps(columns).decode()]


def _told(row: dict[str, Any], text: str) -> dict[str, Any]:
    return {
        "snapshot_id": row["snapshot_id"],
        "contact_id": row["contact_id"],
        "used": row["fault"] is None,
        "row": storable(text),
        "reason": row["fault"] or row["note"],
    }


def _read_states(
    table: pa.Table, unusable: pa.Table, extract: Extract, contacts: Codes, fields: Fields, values: Values
) -> States:
    captures = extract.captures
    ordinal = pd.Series(np.arange(len(captures)), index=captures["snapshot_id"].to_numpy())
    contact = np.searchsorted(contacts, table["contact_id"].to_numpy())
    capture = ordinal.reindex(table["snapshot_id"].to_numpy()).to_numpy(np.int64)
    order = np.lexsort((capture, contact))
    contact, capture = contact[order], capture[order]
    table = table.take(pa.array(order))
    present = table["present"].to_numpy(zero_copy_only=False)
    row, field, code = _state_items(table, present, fields, values)
    width = len(fields)
    key = row * width + field
    by_key = np.argsort(key, kind="stable")
    return States(
        contact=contact,
        capture=capture,
        present=present,
        account=table["account_id"].to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get),
        created_at=table["created_at"].to_pandas(),
        key=key[by_key],
        code=code[by_key],
        lookup=contact * max(1, len(captures)) + capture,
        untold=np.flatnonzero((captures["kind"] == "baseline").to_numpy()),
        stretches=Stretches.of(
            _places(unusable, ordinal, contacts), (contact, capture), max(1, len(captures)), extract.base
        ),
        captures=max(1, len(captures)),
        width=width,
        merged_into=table["merged_into"].to_pandas().astype("str"),
    )


def _places(unusable: pa.Table, ordinal: "pd.Series[Any]", contacts: Codes) -> tuple[Codes, Codes]:
    """Contact code and capture of the rows that cannot be used; rows of no capture leave nothing open."""
    capture = ordinal.reindex(unusable["snapshot_id"].to_numpy()).fillna(-1).to_numpy(np.int64)
    there = capture >= 0
    return np.searchsorted(contacts, unusable["contact_id"].to_numpy()[there]), capture[there]


def _state_items(table: pa.Table, present: Flags, fields: Fields, values: Values) -> tuple[Codes, Codes, Codes]:
    """The non-null values of all states that are there: (row, field, value code)."""
    there = np.flatnonzero(present)
    table = table.take(pa.array(there))
    which, names, codes = _custom_items(table["custom_fields"], fields, values)
    built_in = range(len(model.BUILT_IN_FIELDS))
    accounts = values.encode_strings(table["account_id"].cast(pa.string()))
    row = np.concatenate([there[which], *(there for _ in built_in), there])
    field_column = np.concatenate([names, *(np.full(len(there), field, np.int64) for field in (*built_in, ACCOUNT))])
    code = np.concatenate([codes, *(values.encode_strings(table[name]) for name in model.BUILT_IN_FIELDS), accounts])
    held = code != NULL
    return row[held], field_column[held], code[held]


def _custom_items(column: pa.ChunkedArray, fields: Fields, values: Values) -> tuple[Codes, Codes, Codes]:
    """The items of a column of custom_fields: (row, field, value code)."""
    # Most states have the text of another one: of the same contact before, or of one like it.
    position, distinct = distinct_texts(column)
    field_code, value_code = fields.code, values.code
    prefixed: dict[str, int] = {}
    count: list[int] = []
    name_list: list[int] = []
    code_list: list[int] = []
    # Text by text: about 0.3 µs a value; the keys differ from text to text, so there are no columns to work on.
    for held in parse(distinct):
        count.append(len(held))
        for name, value in held.items():
            field = prefixed.get(name, -1)
            if field < 0:
                field = prefixed[name] = field_code(model.CUSTOM_FIELD_PREFIX + name)
            name_list.append(field)
            code_list.append(value_code(value))
    size = np.array(count, np.int64)
    row, item = expand((np.cumsum(size) - size)[position], size[position])
    return row, np.array(name_list, np.int64)[item], np.array(code_list, np.int64)[item]


def expand(start: Codes, count: Codes) -> tuple[Codes, Codes]:
    """All numbers of the ranges [start, start + count): (position of the range, number), range by range."""
    position = np.repeat(np.arange(len(start)), count)
    return position, np.arange(len(position)) + np.repeat(start - np.cumsum(count) + count, count)
