"""The one way in which the page reads the audit database: read-only, with a time limit, one consistent view per request.

Connections are kept for a while: a new one for each request would cost more than most of the queries.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection

from contact_audit.database import audit_connect, audit_error, begin_reading, first_line
from contact_audit.errors import AuditDatabaseError, ContactAuditError, ReaderRoleError
from contact_audit.sql import statement
from contact_audit.web.filters import BadRequestError

CONNECTION_ID = "contact_audit"
TIMEOUT_SECONDS = 10
_IDLE_SECONDS = 60.0
IDLE_CONNECTIONS = 10
"""A new one costs several times what a page asks of the database: its first questions plan over all partitions anew."""
_ADDRESS_SECONDS = 30.0
_TOO_LONG = "57014"

Row = dict[str, Any]
Query = Callable[..., list[Row]]
"""query(name, **values): the rows of include/sql/audit/read/<name>.sql."""


class TooSlowError(ContactAuditError):
    """A question took longer than the page waits; a narrower one may be answered."""


class Reading:
    """Reads the audit database for the page.

    Attributes:
        address: gives the DSN; asked again every half a minute, so that a changed connection is taken up.
        timeout_seconds: after how long the database ends a statement.
    """

    def __init__(self, address: Callable[[], str], timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.address = address
        self.timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._idle: list[tuple[float, str, Connection]] = []
        self._known: tuple[float, str] | None = None

    @contextmanager
    def snapshot(self) -> Iterator[Query]:
        """A function that runs queries, all of which see the database at one moment.

        Raises TooSlowError, AuditDatabaseError or ConnectionLostError.
        """
        dsn = self._dsn()
        connection = self._borrow(dsn)
        try:
            yield _query_on(connection)
            connection.rollback()
        except psycopg2.Error as error:
            if error.pgcode == _TOO_LONG:
                self._give_back(dsn, connection)
                raise TooSlowError(f"a query took longer than {self.timeout_seconds:g} s") from error
            failure = audit_error(error, dsn, connection)
            connection.close()
            raise failure from error
        except BaseException:
            connection.close()
            raise
        self._give_back(dsn, connection)

    def close(self) -> None:
        """Close the connections that are kept."""
        with self._lock:
            kept, self._idle = self._idle, []
        for _, _, connection in kept:
            connection.close()

    def _dsn(self) -> str:
        known = self._known
        if known is None or time.monotonic() - known[0] > _ADDRESS_SECONDS:
            known = self._known = (time.monotonic(), self.address())
        return known[1]

    def _borrow(self, dsn: str) -> Connection:
        while True:
            with self._lock:
                since, of, connection = self._idle.pop() if self._idle else (0.0, "", None)
            if connection is None:
                return self._connect(dsn)
            if of == dsn and time.monotonic() - since < _IDLE_SECONDS:
                with suppress(psycopg2.Error):
                    return self._begun(connection, dsn)
            connection.close()

    def _connect(self, dsn: str) -> Connection:
        connection = audit_connect(dsn, "contact_audit page")
        try:
            connection.set_session(isolation_level="REPEATABLE READ", readonly=True)  # said by each BEGIN
            return self._begun(connection, dsn)
        except psycopg2.Error as error:
            connection.close()
            raise audit_error(error, dsn) from error

    def _begun(self, connection: Connection, dsn: str) -> Connection:
        """The connection, in a transaction that has the reader's role and time: another one may not, behind a pooler."""
        try:
            begin_reading(connection, dsn, int(self.timeout_seconds * 1000))
        except ReaderRoleError:
            connection.close()
            raise
        return connection

    def _give_back(self, dsn: str, connection: Connection) -> None:
        with suppress(psycopg2.Error):
            connection.rollback()
            with self._lock:
                if len(self._idle) < IDLE_CONNECTIONS:
                    self._idle.append((time.monotonic(), dsn, connection))
                    return
        connection.close()


def airflow_address() -> str:
    """The DSN of Airflow's connection contact_audit, as the web server sees it. Raises AuditDatabaseError."""
    from airflow.models.connection import Connection as AirflowConnection
    from airflow.sdk.exceptions import AirflowNotFoundException

    from contact_audit.connections import dsn_from_uri, dsn_of

    try:
        return dsn_of(AirflowConnection.get_connection_from_secrets(CONNECTION_ID))
    except AirflowNotFoundException as error:
        # a URI with several hosts Airflow cannot read, and then knows of no such connection; we can
        if written := os.environ.get(f"AIRFLOW_CONN_{CONNECTION_ID.upper()}"):
            return dsn_from_uri(written)
        raise AuditDatabaseError(f"Airflow has no connection {CONNECTION_ID}: {first_line(error)}") from error


def _query_on(connection: Connection) -> Query:
    def query(name: str, **values: Any) -> list[Row]:
        # PostgreSQL's text holds none, so that nothing is ever found by it
        if any(isinstance(value, str) and "\0" in value for value in values.values()):
            raise BadRequestError("a NUL character is in no text")
        with connection.cursor() as cursor:
            cursor.execute(statement(f"audit/read/{name}"), values)
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    return query
