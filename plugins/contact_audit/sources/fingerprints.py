"""The digests of all persons as of the newest capture, kept in blocks of neighbouring ids: what tells who has changed since.

A row a person would cost more to read and to write than everything else that a capture does; a block's row is three strings of bytes.
Memory is some 20 bytes a person.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from contact_audit.database import reader
from contact_audit.evidence.values import Codes
from contact_audit.sources.taking import FOLDER, Store
from contact_audit.sql import bind, statement

BLOCK_BITS = 10
"""A block holds the persons whose ids are the same but for so many bits."""
_AT_ONCE = 512
_COLUMNS = ("block", "contacts", "fingerprints", "present")
_NUMBER, _FLAG = np.dtype(">i8"), np.dtype("?")

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Known:
    """The persons of the newest capture, ordered by id: their digests, and whether they were not deleted."""

    contact: Codes
    fingerprint: Codes
    present: Flags

    def places(self, contact: Codes) -> tuple[Codes, Flags]:
        """Where these persons stand (anywhere, if they are not known), and which of them are known."""
        if not len(self.contact):
            return np.zeros(len(contact), np.int64), np.zeros(len(contact), bool)
        place = np.minimum(np.searchsorted(self.contact, contact), len(self.contact) - 1)
        return place, self.contact[place] == contact

    def between(self, first: int, last: int) -> "Known":
        """The persons of the blocks from the first to the last."""
        low = np.searchsorted(self.contact, first << BLOCK_BITS)
        high = np.searchsorted(self.contact, ((last + 1) << BLOCK_BITS) - 1, side="right")
        return Known(self.contact[low:high], self.fingerprint[low:high], self.present[low:high])


def known_persons(audit_dsn: str, timeout_seconds: int) -> Known:
    """The persons of the newest capture. Raises AuditDatabaseError."""
    with reader(audit_dsn, "store", timeout_seconds) as open_reader:
        table = open_reader.table_of("fingerprints", bind(statement(f"{FOLDER}/fingerprints"), {}))
    return Known(
        _joined(table["contacts"], _NUMBER).astype(np.int64),
        _joined(table["fingerprints"], _NUMBER).astype(np.int64),
        _joined(table["present"], _FLAG),
    )


def keep(store: Store, known: Known, came: Known, gone: Codes) -> int:
    """Keep the digests of who came (ordered by id, each once) beside those of the others that are not gone; how many are present now.

    Only the blocks that become others are written.
    """
    blocks = np.unique(np.concatenate([came.contact, gone]) >> BLOCK_BITS)
    store.query("drop_fingerprints", blocks=blocks.tolist())
    for start in range(0, len(blocks), _AT_ONCE):
        store.copy_binary(
            "captures.fingerprint_blocks", _COLUMNS, _rows(known, came, gone, blocks[start : start + _AT_ONCE])
        )
    place, found = known.places(came.contact)
    lost = known.present[known.places(gone)[0]] if len(gone) else np.zeros(0, bool)
    return int(known.present.sum() - known.present[place[found]].sum() - lost.sum() + came.present.sum())


def _rows(known: Known, came: Known, gone: Codes, blocks: Codes) -> bytes:
    """The blocks' rows as COPY takes them: each field's length before it. A block without anybody has none."""
    rows: list[bytes] = []
    for block, some in _merged(known, came, gone, blocks):
        rows.append(struct.pack(">hiq", len(_COLUMNS), 8, block))
        for values, kind in ((some.contact, _NUMBER), (some.fingerprint, _NUMBER), (some.present, _FLAG)):
            text = values.astype(kind).tobytes()
            rows += (struct.pack(">i", len(text)), text)
    return b"".join(rows)


def _merged(known: Known, came: Known, gone: Codes, blocks: Codes) -> Iterator[tuple[int, Known]]:
    """Block by block those who are in it from now on."""
    first, last = int(blocks[0]), int(blocks[-1])
    old, new = known.between(first, last), came.between(first, last)
    stays = ~np.isin(old.contact, new.contact) & ~np.isin(old.contact, gone)
    contact = np.append(old.contact[stays], new.contact)
    order = np.argsort(contact, kind="stable")
    contact = contact[order]
    fingerprint = np.append(old.fingerprint[stays], new.fingerprint)[order]
    present = np.append(old.present[stays], new.present)[order]
    low = np.searchsorted(contact, blocks << BLOCK_BITS)
    high = np.searchsorted(contact, ((blocks + 1) << BLOCK_BITS) - 1, side="right")
    for block, start, end in zip(blocks.tolist(), low, high, strict=True):  # a block holds a thousand persons
        if start < end:
            yield block, Known(contact[start:end], fingerprint[start:end], present[start:end])


def _joined(column: pa.ChunkedArray, kind: "np.dtype[Any]") -> npt.NDArray[Any]:
    """The numbers that a column of bytes holds, one after the other."""
    return np.frombuffer(b"".join(column.to_pylist()), kind)
