"""The store's tables, as taking a capture writes them: named statements and bulk loads within one transaction on the audit database."""

import io
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pandas as pd
import pyarrow as pa
from psycopg2.extensions import connection as Connection

from contact_audit.database import copy_into
from contact_audit.sql import statement

FOLDER = "sources/store/taking"
_SIGNATURE, _END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"


class Store:
    """The tables of schema `captures`, within one transaction.

    Attributes:
        seconds: how long each part of the taking has taken.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.seconds: dict[str, float] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """What is done within is this part of the taking."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - begun

    def query(self, name: str, **values: Any) -> pd.DataFrame:
        """The rows that include/sql/sources/store/taking/<name>.sql returns, as objects; empty where it returns none."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement(f"{FOLDER}/{name}"), values)
            if cursor.description is None:
                return pd.DataFrame()
            return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description], dtype=object)

    def rows(self, name: str, **values: Any) -> list[tuple[Any, ...]]:
        """The same rows as they come, where a frame would only cost."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement(f"{FOLDER}/{name}"), values)
            return list(cursor.fetchall())

    def row(self, name: str, **values: Any) -> dict[str, Any] | None:
        """The first row of it, or None."""
        frame = self.query(name, **values)
        return {str(column): value for column, value in frame.iloc[0].items()} if len(frame) else None

    def copy(self, relation: str, tables: Iterable[pa.Table]) -> None:
        """Bulk load tables, by their columns' names."""
        for table in tables:
            if table.num_rows:
                copy_into(self.connection, relation, table.column_names, [table])

    def copy_binary(self, relation: str, columns: Sequence[str], rows: bytes) -> None:
        """Bulk load rows in COPY's binary format: of each how many fields, each field's length before it."""
        text = f"copy {relation} ({', '.join(columns)}) from stdin with (format binary)"
        with self.connection.cursor() as cursor:
            cursor.copy_expert(text, io.BytesIO(_SIGNATURE + rows + _END))
