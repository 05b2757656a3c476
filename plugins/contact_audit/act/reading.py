"""What a plan rests on, read from the audit database in one snapshot, with a reader's rights."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import psycopg2.extras

from contact_audit.act.choice import Choice
from contact_audit.database import audit_connection, need_reader_role
from contact_audit.sql import statement

Query = Callable[..., list[dict[str, Any]]]
"""query(name, **values): the rows of include/sql/audit/read/<name>.sql."""

STEPS = (
    "contact_id", "account_id", "event_id", "window_end", "place", "action", "field", "old", "new", "chosen", "attribution", "channel",
    "snapshot_id", "occurred_at", "author",
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """The frames that plan.py takes, and how far the log is complete.

    Attributes:
        steps, states, gone: the rows of undo_steps.sql, undo_states.sql and undo_gone.sql.
        complete_until: None before the first load.
    """

    steps: pd.DataFrame
    states: pd.DataFrame
    gone: pd.DataFrame
    complete_until: datetime | None


def find(query: Query, choice: Choice) -> Found:
    """Read it all; nothing beyond the steps where nothing is chosen."""
    steps = _frame(query("undo_steps", **choice.parameters()), STEPS)
    steps["snapshot_id"] = steps["snapshot_id"].astype("Int64")
    steps["chosen"] = steps["chosen"].astype(bool)
    contacts, accounts = (sorted(set(steps[name])) for name in ("contact_id", "account_id"))
    states = _frame(query("undo_states", contacts=contacts), ("contact_id", "account_id", "field", "value"))
    gone = _frame(query("undo_gone", accounts=accounts), ("account_id", "field", "occurred_at"))
    (covered,) = query("coverage")
    return Found(steps, states, gone, covered["data_complete_up_to"])


@contextmanager
def reading(dsn: str) -> Iterator[Query]:
    """A Query on one snapshot of the audit database, with the rights of contact_audit_reader.

    Raises AuditDatabaseError or ConnectionLostError, ReaderRoleError where that role cannot be taken on.
    """
    with audit_connection(dsn, snapshot=True) as connection:

        def query(name: str, **values: Any) -> list[dict[str, Any]]:
            with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                cursor.execute(statement(f"audit/read/{name}"), values)
                return [dict(row) for row in cursor.fetchall()]

        with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
            cursor.execute(statement("audit/export/session"), {"milliseconds": 0})
            need_reader_role(dict(cursor.fetchone() or {}).get("taken_role"), dsn)
        yield query


def _frame(rows: list[Any], columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=_DTYPES.get(name)) for name in columns})


_DTYPES: Mapping[str, Any] = {
    "window_end": "datetime64[us, UTC]", "occurred_at": "datetime64[us, UTC]", "place": "float64", "chosen": "bool", "snapshot_id": "Int64",
    **dict.fromkeys(
        ("contact_id", "account_id", "event_id", "action", "field", "old", "new", "attribution", "channel", "author", "value"), "object"
    ),
}  # fmt: skip
