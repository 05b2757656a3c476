"""Journal entries: cleaned, and their `changes` taken apart into items, one row an entry and field.

What cannot be used is set aside whole, with the reason; what can be used without one value is used, and noted.
"""

import ipaddress
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from contact_audit import model
from contact_audit.evidence.values import INVALID, NULL, Codes, Values, as_account, as_jsonb, parse_each, storable

Flags = npt.NDArray[np.bool_]
ACCOUNT = len(model.BUILT_IN_FIELDS)
"""The code of the field account_id."""
_MALFORMED = -2
_INVALID = -3
_SHOWN = 200
_LONGEST_ID = 500
_BIRTHS = ("create", "restore")


class Fields:
    """The field names met, each with its code; the built-in fields come first, then account_id."""

    def __init__(self) -> None:
        self.names: list[str] = [*model.BUILT_IN_FIELDS, model.ACCOUNT_FIELD]
        self._codes = {name: code for code, name in enumerate(self.names)}

    def __len__(self) -> int:
        return len(self.names)

    def code(self, name: str) -> int:
        """The code of a field's name; -1 for a field that captures do not hold. TypeError for what is no name."""
        known = self._codes.get(name)
        if known is None:
            if type(name) is not str:
                raise TypeError(f"{name!r} is no field's name")
            if not name.startswith(model.CUSTOM_FIELD_PREFIX):
                return -1
            known = self._codes[name] = len(self.names)
            self.names.append(name)
        return known


@dataclass(frozen=True)
class Items:
    """What entries say of fields, ordered by (entry, field), at most one row for both.

    Attributes:
        entry: position of the entry among the entries, int64.
        field: the field's code, int64.
        pin: True where the item fixes the value before and after; else it only names the field.
        old, new: value codes; NULL where it only names.
    """

    entry: Codes
    field: Codes
    pin: Flags
    old: Codes
    new: Codes

    def take(self, rows: Any) -> "Items":
        """The items of the rows (positions or flags)."""
        return Items(self.entry[rows], self.field[rows], self.pin[rows], self.old[rows], self.new[rows])


@dataclass(frozen=True)
class Journal:
    """The usable entries and what was found wrong.

    Attributes:
        entries: columns of model.JOURNAL without `changes` and with `listed` (int64: how many items `changes` lists, -1 for null);
            ordered by (contact_id, occurred_at, entry_id), index 0..n-1.
        items: what they say of fields.
        original: position of the entry with the lowest id that says the same; int64, mostly the entry's own.
        notes: entry (position), reason (what it is used without), row (JSON text).
        rejected: entry_id, contact_id, seen (the capture that saw it first; Int64), moment (UTC), row (JSON text), reason.
    """

    entries: pd.DataFrame
    items: Items
    original: Codes
    notes: pd.DataFrame
    rejected: pd.DataFrame


def read_journal(table: pa.Table, fields: Fields, values: Values) -> Journal:
    """Clean a table of model.JOURNAL and take its `changes` apart; new fields and values get their codes."""
    table = model.judged(table, model.JOURNAL)
    order = pc.sort_indices(
        table, [("contact_id", "ascending"), ("occurred_at", "ascending"), ("entry_id", "ascending")]
    )
    table = table.take(order)
    reasons = _reasons(table)
    listed, items = _read_changes(table, fields, values)
    reasons[(listed == _INVALID) & (reasons == "")] = "changes is no JSON that can be kept"
    reasons[(listed == _MALFORMED) & (reasons == "")] = 'changes is not a list of objects with a "field"'
    reasons[_repeated(table, reasons == "")] = "another row of this entry_id was used"
    bad = reasons != ""
    usable = table.filter(pa.array(~bad))
    entries = _to_pandas(usable.drop_columns(["changes", *model.JUDGED.names]))
    original = _originals(entries, usable["changes"])
    entries["listed"] = listed[~bad]
    items = _one_item_a_field(_of_usable(items, bad), len(fields))
    checked = [_noted(usable), _check_author(entries), _check_author_id(entries), _check_address(entries)]
    notes = pd.concat(checked, ignore_index=True).astype({"entry": np.int64})
    notes["row"] = _row_texts(usable.take(pa.array(notes["entry"])))
    return Journal(entries, items, original, notes, _rejected(table.filter(pa.array(bad)), reasons[bad]))


def _to_pandas(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.drop_columns(["account_id"]).to_pandas()
    # An account may be missing; through a float column a long id would silently become another one.
    frame["account_id"] = table["account_id"].to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    return frame


def _reasons(table: pa.Table) -> npt.NDArray[np.object_]:
    """Why each entry cannot be used, whatever it lists; empty where it can."""
    reasons = np.full(table.num_rows, "", dtype=object)
    action = table["action"]
    unknown = pc.invert(pc.fill_null(pc.is_in(action, pa.array(model.ACTIONS)), False)).to_numpy()
    for position in np.flatnonzero(unknown):
        reasons[position] = f"action {_shown(action[position].as_py())} is not one of {', '.join(model.ACTIONS)}"
    for column in ("occurred_at", "contact_id", "entry_id"):
        reasons[table[column].is_null().to_numpy()] = f"{column} is null"
    judged = table["fault"].is_valid().to_numpy()
    reasons[judged] = table["fault"].to_numpy()[judged]
    return reasons


def _read_changes(table: pa.Table, fields: Fields, values: Values) -> tuple[Codes, Items]:
    """How many items the `changes` of each entry list (-1 for null; _INVALID, _MALFORMED for no list of items), and these."""
    listed: list[int] = []
    entry: list[int] = []
    field: list[int] = []
    pin: list[bool] = []
    old: list[int] = []
    new: list[int] = []
    field_code, value_code = fields.code, values.code
    # Row by row: about 1 µs an item; taking apart nested JSON in columns (explode, json_normalize) measured 8 times slower.
    for position, (changes, action) in enumerate(
        zip(parse_each(table["changes"].to_pylist()), table["action"].to_pylist(), strict=True)
    ):
        if changes is None:
            listed.append(-1)
            continue
        if changes is INVALID:
            listed.append(_INVALID)
            continue
        try:
            codes = [field_code(item["field"]) for item in changes]
        except (TypeError, KeyError):
            codes = None
        if codes is None or type(changes) is not list:
            listed.append(_MALFORMED)
            continue
        listed.append(len(codes))
        for code, item in zip(codes, changes, strict=True):
            if code < 0:
                continue
            given = _ids(item) if code == ACCOUNT else item
            has_old, has_new = "old" in given, "new" in given
            pins = (has_old and has_new) or (has_new and action in _BIRTHS) or (has_old and action == "delete")
            entry.append(position)
            field.append(code)
            pin.append(pins)
            old.append(value_code(given["old"]) if pins and has_old else NULL)
            new.append(value_code(given["new"]) if pins and has_new else NULL)
    columns = [np.array(column, np.int64) for column in (listed, entry, field, old, new)]
    return columns[0], Items(columns[1], columns[2], np.array(pin, bool), columns[3], columns[4])


def _ids(item: dict[str, Any]) -> dict[str, str | None]:
    """The accounts that an item gives, as text. A contact that is there has one, so null gives none."""
    return {name: as_account(item[name]) for name in ("old", "new") if item.get(name) is not None}


def _of_usable(items: Items, bad: Flags) -> Items:
    """The items of entries that are not bad, with their positions among these."""
    kept = items.take(~bad[items.entry])
    return Items((np.cumsum(~bad) - 1)[kept.entry], kept.field, kept.pin, kept.old, kept.new)


def _one_item_a_field(items: Items, width: int) -> Items:
    """Equal items are one, a pin wins over a name, and pins that contradict each other only name their field."""
    key = items.entry * width + items.field
    order = np.lexsort((items.new, items.old, ~items.pin, key))
    items, key = items.take(order), key[order]
    first = np.append(True, key[1:] != key[:-1]) if key.size else np.zeros(0, bool)
    same = ~first & items.pin
    same[1:] &= (items.old[1:] == items.old[:-1]) & (items.new[1:] == items.new[:-1])
    contradicted = np.isin(key, key[~first & items.pin & ~same])
    items.pin[contradicted] = False
    items.old[contradicted] = NULL
    items.new[contradicted] = NULL
    return items.take(first)


def _repeated(table: pa.Table, usable: Flags) -> Flags:
    """Which rows have the entry_id of a usable row before them: a view that is read as a table has no key to refuse them."""
    repeated = np.zeros(table.num_rows, bool)
    ids = table["entry_id"].filter(pa.array(usable)).to_pandas()
    repeated[usable] = ids.duplicated().to_numpy()
    return repeated


def _noted(table: pa.Table) -> pd.DataFrame:
    """What the database has found that an entry is used without."""
    noted = np.flatnonzero(table["note"].is_valid().to_numpy())
    return pd.DataFrame({"entry": noted, "reason": table["note"].take(pa.array(noted)).to_numpy()})


def _check_author(entries: pd.DataFrame) -> pd.DataFrame:
    given = entries["author_type"]
    unknown = given.notna() & ~given.isin(model.AUTHOR_TYPES)
    reasons = "author_type " + given[unknown].map(_shown) + " is not one of " + ", ".join(model.AUTHOR_TYPES)
    entries["author_type"] = given.where(given.isin(model.AUTHOR_TYPES), "unknown").astype("str")
    return pd.DataFrame({"entry": np.flatnonzero(unknown), "reason": reasons.to_numpy(object)})


def _check_author_id(entries: pd.DataFrame) -> pd.DataFrame:
    """What is longer than any id is none; the log's index of authors could not hold it."""
    long = (entries["author_id"].str.len() > _LONGEST_ID).to_numpy(bool)
    entries.loc[long, "author_id"] = None
    reason = f"author_id is longer than {_LONGEST_ID} characters"
    return pd.DataFrame({"entry": np.flatnonzero(long), "reason": np.full(long.sum(), reason, dtype=object)})


def _check_address(entries: pd.DataFrame) -> pd.DataFrame:
    positions, uniques = pd.factorize(entries["ip_address"])
    parsed = np.array([*(_address(str(text)) for text in uniques), None], dtype=object)
    addresses = parsed[positions]
    wrong = (addresses == "") & (positions >= 0)
    zoned = entries["ip_address"].str.contains("%", regex=False).fillna(False).to_numpy(bool) & ~wrong
    told = np.flatnonzero(wrong | zoned)
    reasons = [
        "ip_address " + _shown(uniques[positions[row]]) + (" is no IP address" if wrong[row] else " names a zone")
        for row in told
    ]
    addresses[wrong] = None
    entries["ip_address"] = pd.Series(addresses, dtype="str", index=entries.index)
    return pd.DataFrame({"entry": told, "reason": np.array(reasons, dtype=object)})


def _shown(value: Any) -> str:
    """A value within a reason, cut where it is long: the row has it whole."""
    return repr(value) if value is None or len(value) <= _SHOWN else repr(value[:_SHOWN]) + "..."


def _address(text: str) -> str:
    try:
        interface = ipaddress.ip_interface(text.strip())
    except ValueError:
        return ""
    # A zone ("%eth0") means something on one machine only; inet has none.
    address = str(interface.ip).partition("%")[0]
    length = interface.network.prefixlen
    return address if length == interface.max_prefixlen else f"{address}/{length}"


def _rejected(table: pa.Table, reasons: npt.NDArray[np.object_]) -> pd.DataFrame:
    moments = pc.coalesce(table["occurred_at"], table["recorded_at"])
    found = pd.DataFrame(
        {
            "entry_id": table["entry_id"].to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get),
            "contact_id": table["contact_id"].to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get),
            "moment": moments.to_pandas(),
            "seen": table["seen_snapshot_id"].to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get),
            "row": _row_texts(table),
            "reason": pd.Series(reasons, dtype="str"),
        }
    )
    return found.drop_duplicates(["row", "reason"], ignore_index=True)  # copies of one row are one


def _row_texts(table: pa.Table) -> "pd.Series[Any]":
    """Each row as JSON text: as the database gives it, or else of its columns."""
    rows = table.to_pylist()
    changes = parse_each(table["changes"].to_pylist())
    texts: list[str] = []
    for row, value in zip(rows, changes, strict=True):
        whole = row["whole"]
        if whole is None:
            columns = {name: row[name] for name in model.JOURNAL.names}
            for name in ("seen_snapshot_id", *model.MAYBE):
                if columns[name] is None:
                    del columns[name]  # no column of the source
            if columns["changes"] is not None and value is not INVALID:
                columns["changes"] = orjson.Fragment(columns["changes"])
            whole = orjson.dumps(columns).decode()
        texts.append(storable(whole))
    return pd.Series(texts, dtype="str")


def _originals(entries: pd.DataFrame, changes: pa.ChunkedArray) -> Codes:
    """For each entry the position of the one with the lowest id that says the same (at-least-once delivery); mostly its own."""
    original = np.arange(len(entries))
    # Entries of one contact and moment stand side by side, the lowest id first; most have no neighbour.
    together = np.flatnonzero(entries.duplicated(["contact_id", "occurred_at"], keep=False).to_numpy())
    if len(together):
        columns = [name for name in entries.columns if name not in ("entry_id", "recorded_at")]
        texts = changes.take(pa.array(together))
        given = texts.to_pylist()
        same = [
            as_jsonb(value) if text is not None else None for text, value in zip(given, parse_each(given), strict=True)
        ]
        frame = entries.loc[together, columns].assign(changes=pd.Series(same, dtype=object).to_numpy())
        alike = frame.groupby([*columns, "changes"], dropna=False, sort=False).ngroup().to_numpy()
        _, first = np.unique(alike, return_index=True)
        original[together] = together[first[alike]]
    return original
