"""The SQL files under include/sql/, and how values get into them.

Statements use psycopg2's named parameters, %(name)s, everywhere. For the Arrow reader, which streams only statements without
parameters, `bind` puts the values in as psycopg2's own adapters write them.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from psycopg2.extensions import adapt

SQL_FOLDER = Path(__file__).resolve().parents[2] / "include" / "sql"


@cache
def statement(name: str) -> str:
    """The text of include/sql/<name>.sql."""
    return (SQL_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def bind(text: str, values: Mapping[str, Any]) -> str:
    """The statement with its %(name)s parameters written out by psycopg2's adapters."""
    return text % {name: adapt(value).getquoted().decode() for name, value in values.items()}
