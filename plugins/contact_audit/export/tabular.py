"""Events as CSV and as Parquet: whole columns at a time."""

from collections.abc import Iterable, Iterator

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from contact_audit.export.events import COLUMNS, Coverage
from contact_audit.export.formulas import guarded


def csv(batches: Iterable[pa.Table], _: Coverage) -> Iterator[bytes]:
    """UTF-8 with a header; text in quotes, null as nothing, lists as JSON, moments as 2026-11-24T10:42:07.000000Z.

    What a spreadsheet may take for a formula is guarded, as formulas.py says.
    """
    yield _csv_bytes(_cells(COLUMNS.empty_table()), header=True)
    for table in batches:
        yield _csv_bytes(_cells(table), header=False)


def _cells(table: pa.Table) -> pa.Table:
    return pa.table({field.name: _cell(table[field.name], field.type) for field in COLUMNS})


def _cell(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray | pa.Array:
    if pa.types.is_timestamp(kind):
        return pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ")
    if pa.types.is_list(kind):
        # lists are short, and Arrow has no JSON writer
        texts = [None if value is None else orjson.dumps(value).decode() for value in column.to_pylist()]
        return guarded(pa.chunked_array([pa.array(texts, pa.string())]))
    if pa.types.is_string(kind):
        return guarded(column)
    return column


def _csv_bytes(table: pa.Table, header: bool) -> bytes:
    sink = pa.BufferOutputStream()
    options = pyarrow.csv.WriteOptions(include_header=header, quoting_style="needed")
    pyarrow.csv.write_csv(table, sink, options)
    text: bytes = sink.getvalue().to_pybytes()
    return text


def parquet(batches: Iterable[pa.Table], coverage: Coverage) -> Iterator[bytes]:
    """Typed columns, compressed, a row group a batch; what it covers is in the file's metadata, too (contact_audit.coverage)."""
    sink = _Sink()
    schema = COLUMNS.with_metadata({"contact_audit.coverage": orjson.dumps(coverage.as_dict()).decode()})
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd") as writer:
        for table in batches:
            writer.write_table(table.cast(schema))
            yield sink.taken()
    yield sink.taken()


class _Sink:
    """What a writer has written since it was last asked."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is held open."""

    def taken(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        return data
