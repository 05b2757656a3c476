"""The login with which Superset reads, what the database refuses it, and the figures to compare with.

Each statement that must be refused runs in a transaction that is rolled back: it would change nothing if it were not.
"""

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import errors, sql

from contact_audit.connections import libpq_uri
from contact_audit.database import first_line
from contact_audit.errors import ContactAuditError
from contact_audit.local.embedded import Server

READER = "contact_audit_reader"
REFUSED = (
    "select * from audit.rejected_rows",
    "insert into audit.contact_audit_log (event_id) select event_id from audit.contact_audit_log",
    "update audit.contact_audit_log set author_name = 'nobody'",
    "delete from audit.contact_audit_log",
    "insert into audit.field_labels select * from audit.field_labels",
    "update audit.state set last_run_id = 'none'",
    "create table audit.notes (note text)",
)
"""What a reader may not, in SQL."""

Figures = dict[tuple[date, str], int]
_SQL = Path(__file__).parent / "sql"
_DAYS = 90


@dataclass(frozen=True)
class Login:
    """A role that may log in, of this run's own.

    Attributes:
        name: the role.
        dsn: its libpq address of the audit database, with its password.
    """

    name: str
    dsn: str

    @property
    def sqlalchemy_uri(self) -> str:
        """The address as SQLAlchemy takes it, and so Superset."""
        return self.dsn.replace("postgresql://", "postgresql+psycopg2://", 1)


@contextmanager
def reading_login(server: Server) -> Iterator[Login]:
    """A login that is a member of contact_audit_reader and of nothing else; dropped afterwards."""
    name, password = f"superset_{secrets.token_hex(4)}", secrets.token_urlsafe(24)
    address = {"host": str(server.state.socket_folder())}
    owner = server.dsn("contact_audit")
    _execute(owner, sql.SQL(_statement("login")).format(login=sql.Identifier(name)), {"password": password})
    try:
        ((member_of, more),) = ask(owner, "rights", login=name)
        if member_of != [READER] or more:
            raise ContactAuditError(f"{name} is a member of {member_of}; it should be one of {READER} alone.")
        yield Login(name, libpq_uri(None, None, name, password, "contact_audit", address))
    finally:
        _execute(owner, sql.SQL("drop role {}").format(sql.Identifier(name)), None)


def refusals(login: Login) -> dict[str, str]:
    """What the database says to each statement of REFUSED. Raises ContactAuditError if it does one of them."""
    said = {}
    with closing(psycopg2.connect(login.dsn)) as connection, connection.cursor() as cursor:
        for text in REFUSED:
            try:
                cursor.execute(text)
            except errors.InsufficientPrivilege as error:
                said[text] = first_line(error)
            else:
                raise ContactAuditError(f"{READER} is not refused: {text}")
            finally:
                connection.rollback()
    return said


def newest_days(dsn: str) -> tuple[date, date]:
    """The first and the last day of the chart: the newest 90 in the log."""
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("select max(day) from audit.daily_activity")
        (last,) = cursor.fetchone() or (None,)
    if last is None:
        raise ContactAuditError("The log is empty: there is nothing to draw.")
    return last - timedelta(days=_DAYS - 1), last


def figures(dsn: str, first: date, last: date) -> Figures:
    """Events by day and attribution."""
    return {(day, attribution): events for day, attribution, events in ask(dsn, "figures", first=first, last=last)}


def ask(dsn: str, name: str, **values: Any) -> list[tuple[Any, ...]]:
    """The rows of sql/<name>.sql."""
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute(_statement(name), values)
        return cursor.fetchall()


def _statement(name: str) -> str:
    return (_SQL / f"{name}.sql").read_text(encoding="utf-8")


def _execute(dsn: str, statement: sql.Composable, values: dict[str, Any] | None) -> None:
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
