"""The store's tables, as taking a capture writes them: named statements and bulk loads within one transaction on the audit database."""

from collections.abc import Iterable
from typing import Any

import pandas as pd
import pyarrow as pa
from psycopg2.extensions import connection as Connection

from contact_audit.database import copy_into
from contact_audit.sql import statement

FOLDER = "sources/store/taking"


class Store:
    """The tables of schema `captures`, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def query(self, name: str, **values: Any) -> pd.DataFrame:
        """The rows that include/sql/sources/store/taking/<name>.sql returns, as objects; empty where it returns none."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement(f"{FOLDER}/{name}"), values)
            if cursor.description is None:
                return pd.DataFrame()
            return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description], dtype=object)

    def row(self, name: str, **values: Any) -> dict[str, Any] | None:
        """The first row of it, or None."""
        frame = self.query(name, **values)
        return {str(column): value for column, value in frame.iloc[0].items()} if len(frame) else None

    def copy(self, relation: str, tables: Iterable[pa.Table]) -> None:
        """Bulk load tables, by their columns' names."""
        for table in tables:
            if table.num_rows:
                copy_into(self.connection, relation, table.column_names, [table])
