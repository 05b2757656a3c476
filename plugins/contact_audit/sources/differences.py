"""What differs from the newest capture: only ids and digests travel, then the rows whose digest is another one.

Memory is some 20 bytes a person, whatever the rows hold.
"""

from collections.abc import Iterator

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from contact_audit.evidence.values import Codes
from contact_audit.sources.fingerprints import Flags, Known
from contact_audit.sources.live import LiveReads

_ROWS = ["contact_id", "account_id", "name", "email", "primary_phone", "custom_fields", "created_at", "deleted", "in_scope",
         "merged_into", "fingerprint"]  # fmt: skip
_WHOLE = 0.1
"""From this share of persons on, all rows are read rather than those that differ looked up."""


class Came:
    """What the source gave, gathered while it streams by: ids and digests alone."""

    def __init__(self) -> None:
        self._seen: list[Codes] = []
        self._rows: list[Codes] = []
        self._fingerprints: list[Codes] = []
        self._deleted: list[Flags] = []

    def all_ids(self, contact: Codes) -> None:
        """These persons are there."""
        self._seen.append(contact)

    def rows(self, table: pa.Table) -> pa.Table:
        """These rows differ; the table as it is."""
        contact = table["contact_id"].to_numpy()
        self._rows.append(contact)
        self._fingerprints.append(table["fingerprint"].to_numpy())
        self._deleted.append(table["deleted"].to_numpy())
        return table

    def seen(self, known: Known) -> Flags:
        """Which of the known persons are there."""
        flags = np.zeros(len(known.contact), bool)
        for contact in self._seen:
            place, found = known.places(contact)
            flags[place[found]] = True
        return flags

    def persons(self) -> tuple[Known, bool]:
        """The rows that differ by their persons, one each (the least digest), and whether a person came twice."""
        contact = np.concatenate([np.zeros(0, np.int64), *self._rows])
        fingerprint = np.concatenate([np.zeros(0, np.int64), *self._fingerprints])
        deleted = np.concatenate([np.zeros(0, bool), *self._deleted])
        order = np.lexsort((fingerprint, contact))
        once = order[np.append(True, np.diff(contact[order]) != 0)] if len(order) else order
        return Known(contact[once], fingerprint[once], ~deleted[once]), len(once) < len(contact)


def differing_rows(reads: LiveReads, known: Known, came: Came, empty_is_null: bool) -> Iterator[pa.Table]:
    """The rows of the persons whose digest is another one than it was."""
    if not len(known.contact):
        with reads.every_contact() as batches:
            for batch in batches:
                yield came.rows(_row_table(pa.Table.from_batches([batch]), empty_is_null))
        return
    differing: list[Codes] = []
    with reads.fingerprints() as batches:
        for batch in batches:
            contact, fingerprint = (batch.column(name).to_numpy() for name in ("contact_id", "fingerprint"))
            came.all_ids(contact)
            place, found = known.places(contact)
            differing.append(contact[~found | (known.fingerprint[place] != fingerprint)])
    wanted = np.unique(np.concatenate([np.zeros(0, np.int64), *differing]))
    if len(wanted) <= _WHOLE * len(known.contact):
        for table in reads.some_contacts(wanted):
            yield came.rows(_row_table(table, empty_is_null))
        return
    values = pa.array(wanted)
    with reads.every_contact() as batches:
        for batch in batches:
            table = pa.Table.from_batches([batch])
            yield came.rows(_row_table(table.filter(pc.is_in(table["contact_id"], values)), empty_is_null))


def _row_table(table: pa.Table, empty_is_null: bool) -> pa.Table:
    columns = {name: table[name] for name in _ROWS}
    if empty_is_null:
        for name in ("name", "email", "primary_phone"):
            text = columns[name].cast(pa.string())
            columns[name] = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
        columns["custom_fields"] = _without_empty(columns["custom_fields"])
    return pa.table(columns)


def _without_empty(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """The custom fields without those that are ''; only texts that hold one are taken apart."""
    held = pc.match_substring(texts, '""').to_numpy(zero_copy_only=False)
    if not held.any():
        return texts
    plain = texts.to_pylist()
    for row in np.flatnonzero(held):
        fields = orjson.loads(plain[row])
        if isinstance(fields, dict):
            plain[row] = orjson.dumps({name: value for name, value in fields.items() if value != ""}).decode()
    return pa.chunked_array([pa.array(plain, pa.string())])
