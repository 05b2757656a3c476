"""The fields to set as CSV files for a helpdesk's own import: one for each set of columns, the commonest first.

An import takes an empty cell either as "leave it" or as "empty it"; so no file has a cell for a field that is not to be set.
Values stand as they are: a guard against spreadsheets' formulas would put ' before "+33…", and the import would write it.
"""

import csv
import io
from dataclasses import dataclass
from typing import Any

import orjson
import pandas as pd

FIRST_NAME = "contacts.csv"
NOT_GUARDED = (
    "Values stand as they are, not guarded against formulas: a text may begin with =, +, - or @. Import the files; "
    "do not open them in a spreadsheet that runs formulas."
)
_EMPTY = ("null", '""')


@dataclass(frozen=True)
class ImportFile:
    """A file: its name, its columns (id, email, then the fields to set), its rows' count and its bytes (UTF-8, with a header)."""

    name: str
    columns: list[str]
    rows: int
    data: bytes


@dataclass(frozen=True)
class ImportFiles:
    """The files, and how many values to be emptied are left to plan.json, as no mark for them is set."""

    files: list[ImportFile]
    left_to_plan: int

    def manifest(self) -> dict[str, Any]:
        """What the files are."""
        listed = [{"file": one.name, "columns": one.columns, "contacts": one.rows} for one in self.files]
        return {"files": listed, "note": NOT_GUARDED, "emptied_values_in_plan_json_only": self.left_to_plan}


def import_files(set_back: pd.DataFrame, states: pd.DataFrame, empty_mark: str | None) -> ImportFiles:
    """The files.

    Args:
        set_back: a plan's entries of fields to set: contact_id, field, back_to (JSON text).
        states: the values of these contacts now: contact_id, field, value (JSON text).
        empty_mark: what the import takes for "empty this"; None: values to be emptied are in no file.
    """
    emptied = set_back["back_to"].isin(_EMPTY)
    told = set_back if empty_mark is not None else set_back[~emptied]
    left = 0 if empty_mark is not None else int(emptied.sum())
    if not len(told):
        return ImportFiles([], left)
    distinct = {text: _cell(text, empty_mark or "") for text in told["back_to"].unique()}
    cells = told.assign(cell=told["back_to"].map(distinct))
    fields = cells.sort_values("field").groupby("contact_id")["field"].agg(tuple)
    emails = states[states["field"] == "email"].set_index("contact_id")["value"].map(lambda text: _cell(text, ""))
    commonest = fields.value_counts(sort=False)
    order = sorted(commonest.index, key=lambda columns: (-commonest[columns], columns))
    files = []
    for place, columns in enumerate(order):
        contacts = fields.index[fields.map(lambda one, wanted=columns: one == wanted)]
        table = cells[cells["contact_id"].isin(contacts)].pivot_table(
            index="contact_id", columns="field", values="cell", aggfunc="first"
        )
        table.insert(0, "id", table.index)
        if "email" not in columns:
            table["email"] = table.index.to_series().map(emails).fillna("")
        header = ["id", "email", *(name for name in columns if name != "email")]
        name = FIRST_NAME if place == 0 else f"contacts-{place + 1}.csv"
        files.append(ImportFile(name, header, len(table), _csv(header, table[header].to_numpy().tolist())))
    return ImportFiles(files, left)


def _cell(text: str, empty: str) -> str:
    """A JSON text as an import wants it: text as it is, numbers and yes or no as in JSON, lists and objects as JSON."""
    if text in _EMPTY:
        return empty
    value = orjson.loads(text) if text.startswith('"') else text
    return str(value)


def _csv(header: list[str], rows: list[list[Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()
