"""The SQL files under include/sql/, and how values get into them.

Statements use psycopg2's named parameters, %(name)s, everywhere. For the Arrow reader, which streams only statements without
parameters, `bind` writes the values out, for a session whose client encoding is UTF-8.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from psycopg2.extensions import QuotedString, adapt

SQL_FOLDER = Path(__file__).resolve().parents[2] / "include" / "sql"


@cache
def statement(name: str) -> str:
    """The text of include/sql/<name>.sql."""
    return (SQL_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def bind(text: str, values: Mapping[str, Any]) -> str:
    """The statement with its %(name)s parameters written out."""
    return text % {name: literal(value) for name, value in values.items()}


def literal(value: Any) -> str:
    """A value as SQL; right where the session's client encoding is UTF-8, which each session sets."""
    adapted = adapt(value)
    if isinstance(adapted, QuotedString):
        adapted.encoding = "utf8"  # without a connection it would be Latin-1's
    text: str = adapted.getquoted().decode("utf8")
    return text
