"""Connections to both databases, and what their errors mean.

A DSN is a libpq connection URI; it holds a password and is never printed.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import adbc_driver_manager
import psycopg2
import pyarrow as pa
from adbc_driver_postgresql import dbapi
from psycopg2.extensions import connection as Connection
from pyarrow import csv

from contact_audit.connections import where, with_option
from contact_audit.errors import (
    AuditDatabaseError,
    ConnectionLostError,
    ContactAuditError,
    PassingError,
    ReaderRoleError,
    SourceError,
)
from contact_audit.failures import CANCELLED, MISSING, cancelled, is_gone, passes_connecting, passing, staying
from contact_audit.sql import bind, statement

_SESSION = statement("audit/session")
_ANSWERED: set[str] = set()
"""Where this process was answered before: where nobody listens there now, a server is starting again."""


def first_line(error: BaseException) -> str:
    """The first line of a driver's message."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


@contextmanager
def audit_connection(dsn: str, snapshot: bool = False) -> Iterator[Connection]:
    """One transaction on the audit database: committed at the end, rolled back on an error. Raises AuditDatabaseError or
    ConnectionLostError. `snapshot`: it only reads, and sees the database at one moment.
    """
    connection = audit_connect(dsn, "contact_audit")
    try:
        if snapshot:
            connection.set_session(isolation_level="REPEATABLE READ", readonly=True)  # said by its BEGIN
        begin_audit(connection, dsn)
        yield connection
        connection.commit()
    except psycopg2.Error as error:
        raise audit_error(error, dsn, connection) from error
    finally:
        connection.close()  # what is not committed is rolled back, if the server is there to be asked or not


def begin_reading(connection: Connection, dsn: str, milliseconds: int) -> None:
    """Set what a transaction that reads for people relies on: the reader's role, and a time limit. Raises ReaderRoleError."""
    with connection.cursor() as cursor:
        cursor.execute(statement("audit/read/session"), {"milliseconds": milliseconds})
        need_reader_role((cursor.fetchone() or (None,))[-1], dsn)


def need_reader_role(taken: str | None, dsn: str) -> None:
    """Raise ReaderRoleError unless the role of those who only read was taken on; `taken` is what session.sql returns."""
    if taken is None:
        raise ReaderRoleError(
            f"the user of the connection contact_audit may not take on the role contact_audit_reader in {where(dsn)}, and nothing "
            "is read with other rights. As an administrator: create the role if it is missing "
            "(include/sql/audit/revisions/0003/reader.sql), then grant contact_audit_reader to that user."
        )


def begin_audit(connection: Connection, dsn: str) -> None:
    """Set what the transaction relies on. AuditDatabaseError where the database cannot store every text, or where its triggers do not
    fire, before anything is written.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SESSION)
        encoding, triggers = (cursor.fetchone() or ("", ""))[:2]
    if encoding != "UTF8":
        raise AuditDatabaseError(
            f"the audit database {where(dsn)} stores text in {encoding}, which cannot hold all names and values; nothing was written. "
            "Make one with create database … encoding 'UTF8' template template0, and migrate that."
        )
    if triggers != "origin":
        raise AuditDatabaseError(
            f"in the audit database {where(dsn)} session_replication_role is {triggers!r}, so that the triggers that keep the ledger and "
            "the feed would not fire; nothing was written. Take that setting off this user and this database (alter … reset)."
        )


def audit_connect(dsn: str, application_name: str) -> Connection:
    """A connection to the audit database, whoever closes it. Raises AuditDatabaseError or ConnectionLostError."""
    try:
        connection = psycopg2.connect(dsn, application_name=application_name, client_encoding="UTF8")
    except psycopg2.Error as error:
        raise _unconnected(first_line(error), str(error), dsn, "audit", AuditDatabaseError) from error
    # Said by each BEGIN: who has waited for another load has to see what that has written, whatever the role's default is.
    connection.set_session(isolation_level="READ COMMITTED")
    _ANSWERED.add(where(dsn))
    return connection


def audit_error(error: psycopg2.Error, dsn: str, connection: Connection | None = None) -> ContactAuditError:
    """What an error of the audit database means; `connection`: on which it came, to see whether that is still there."""
    code, place = error.pgcode or "", f"the audit database {where(dsn)}"
    if code in MISSING:
        return AuditDatabaseError(
            f"{first_line(error)} in {where(dsn)}: the audit database is not migrated to this version. Run: make migrate"
        )
    if words := passing(code):
        return _passing(code, words, place)
    if code == CANCELLED:
        return AuditDatabaseError(f"{place} ended a statement: {_ENDED[cancelled(str(error))]}.")
    if words := staying(code):
        return AuditDatabaseError(f"{place} refused: {words} (SQLSTATE {code}: {first_line(error)}).")
    if not code and (connection is None or connection.closed):
        return ConnectionLostError(f"lost {place}: the connection broke ({first_line(error)})")
    return AuditDatabaseError(f"{place} refused: {first_line(error)}")


_ENDED = {
    "timeout": "it took longer than the server's own statement_timeout. Raise that for this user (alter role … set statement_timeout)",
    "person": "an administrator cancelled it (pg_cancel_backend). Ask why, then clear the task",
    None: "it took longer than the server's own statement_timeout, or an administrator cancelled it",
}


def _passing(code: str, words: str, place: str) -> ConnectionLostError:
    if is_gone(code):
        return ConnectionLostError(f"lost {place}: {words} (SQLSTATE {code})")
    return PassingError(f"{place} cannot answer now: {words} (SQLSTATE {code})")


def _unconnected(line: str, text: str, dsn: str, which: str, failure: type[ContactAuditError]) -> ContactAuditError:
    """What it means that a connection does not come about: a driver gives no SQLSTATE for it."""
    place, name = f"the {which} database {where(dsn)}", "contact_audit" if which == "audit" else which
    if passes_connecting(text, _ANSWERED, where(dsn)):
        return PassingError(f"{place} cannot answer now: {line}")
    if cancelled(text) == "timeout":
        return failure(f"{place} ended a statement of the connection's own: {_ENDED['timeout']}.")
    return failure(f"cannot connect to {place}: {line}. Check the connection {name}.")


def copy_into(connection: Connection, relation: str, columns: list[str], tables: Iterable[pa.Table]) -> None:
    """Bulk load tables of these columns, in this order, by COPY."""
    text = f"copy {relation} ({', '.join(columns)}) from stdin with (format csv)"
    with connection.cursor() as cursor:
        for table in tables:
            cursor.copy_expert(text, pa.BufferReader(_csv(table)))


def _csv(table: pa.Table) -> pa.Buffer:
    # Text is always quoted and null never: an empty text and null stay apart.
    sink = pa.BufferOutputStream()
    csv.write_csv(table, sink, csv.WriteOptions(include_header=False, quoting_style="needed"))
    return sink.getvalue()


class Reader:
    """Reads a helpdesk database as Arrow, in one read-only, repeatable-read transaction."""

    def __init__(self, connection: Any, dsn: str, adapter: str, before: Callable[[str], str] | None = None) -> None:
        self._connection = connection
        self._dsn = dsn
        self._adapter = adapter
        self._before = before or (lambda text: text)

    def preceded(self, before: Callable[[str], str]) -> "Reader":
        """A reader in the same transaction that puts something before each statement."""
        return Reader(self._connection, self._dsn, self._adapter, before)

    def set(self, name: str, **values: Any) -> None:
        """Run the settings of include/sql/sources/<adapter>/<name>.sql."""
        with reading(self._dsn, self._adapter, name, self._connection), self._connection.cursor() as cursor:
            cursor.execute(bind(statement(f"sources/{self._adapter}/{name}"), values))

    def table(self, name: str, **values: Any) -> pa.Table:
        """The rows of include/sql/sources/<adapter>/<name>.sql, whole."""
        return self.table_of(name, self._before(bind(statement(f"sources/{self._adapter}/{name}"), values)))

    def batches(self, name: str, **values: Any) -> AbstractContextManager[pa.RecordBatchReader]:
        """The same rows, as they come."""
        return self.batches_of(name, self._before(bind(statement(f"sources/{self._adapter}/{name}"), values)))

    def table_of(self, name: str, text: str) -> pa.Table:
        """The rows of a statement, whole; `name` is what an error calls it."""
        with self._cursor(name, text) as cursor:
            return cursor.fetch_arrow_table()

    @contextmanager
    def batches_of(self, name: str, text: str) -> Iterator[pa.RecordBatchReader]:
        """The same rows, as they come."""
        with self._cursor(name, text) as cursor:
            yield cursor.fetch_record_batch()

    @contextmanager
    def _cursor(self, name: str, text: str) -> Iterator[Any]:
        with reading(self._dsn, self._adapter, name, self._connection), self._connection.cursor() as cursor:
            cursor.execute(text)
            yield cursor


@contextmanager
def reader(dsn: str, adapter: str, timeout_seconds: int) -> Iterator[Reader]:
    """Open a Reader; every statement ends after the timeout. Raises SourceError (of the capture store: AuditDatabaseError) or
    ConnectionLostError.
    """
    connection = _reading_connection(dsn, adapter, timeout_seconds)
    try:
        if not _tells_texts(connection, dsn, adapter):
            # The driver learns the types as it connects, and knows none where their functions' names are quoted.
            connection.close()
            connection = _reading_connection(with_option(dsn, "quote_all_identifiers=off"), adapter, timeout_seconds)
            if not _tells_texts(connection, dsn, adapter):
                raise SourceError(
                    f"{where(dsn)}: quote_all_identifiers is on for this user or database, and types cannot be told apart "
                    f"(adapter {adapter}). Take it off (alter role … reset quote_all_identifiers)"
                )
        yield Reader(connection, dsn, adapter)
    finally:
        with suppress(adbc_driver_manager.Error):  # a connection that is lost cannot say goodbye
            connection.close()


def _reading_connection(dsn: str, adapter: str, timeout_seconds: int) -> Any:
    """A connection with all that reading relies on set, in its transaction."""
    try:
        connection = dbapi.connect(dsn)
    except adbc_driver_manager.Error as error:
        if adapter == "store":
            raise _unconnected(_adbc_text(error), str(error), dsn, "audit", AuditDatabaseError) from error
        raise _unconnected(_adbc_text(error), str(error), dsn, "helpdesk", SourceError) from error
    _ANSWERED.add(where(dsn))
    try:
        with reading(dsn, adapter, "session", connection), connection.cursor() as cursor:
            for line in bind(statement("sources/session"), {"timeout": timeout_seconds * 1000}).split(";"):
                if line.strip():
                    cursor.execute(line)
    except BaseException:
        with suppress(adbc_driver_manager.Error):
            connection.close()
        raise
    return connection


def _tells_texts(connection: Any, dsn: str, adapter: str) -> bool:
    """Whether the driver knows a text as one; else every text would be bytes."""
    with reading(dsn, adapter, "session", connection), connection.cursor() as cursor:
        cursor.execute("select ''::text as text")
        return bool(pa.types.is_string(cursor.fetch_arrow_table().schema.field(0).type))


@contextmanager
def reading(dsn: str, adapter: str, name: str, connection: Any) -> Iterator[None]:
    """Turn a driver's error into one that says what, where and what now."""
    try:
        yield
    except (adbc_driver_manager.Error, pa.ArrowException) as error:
        code = getattr(error, "sqlstate", None) or ""
        raise _source_error(code, _adbc_text(error), dsn, adapter, name, connection) from error


def _source_error(code: str, text: str, dsn: str, adapter: str, name: str, connection: Any) -> ContactAuditError:
    place = f"the helpdesk database {where(dsn)}"
    expected = f"Expected by include/sql/sources/{adapter}/{name}.sql; see docs/adapters.md"
    if code in MISSING:
        return SourceError(f"{where(dsn)}: {text} (adapter {adapter}). {expected}")
    if words := passing(code):
        return _passing(code, words, place)
    if code == CANCELLED:
        return SourceError(f"{place}: {name}.sql {_ENDED_READING[cancelled(text)]}")
    if code == "42501":
        return SourceError(f"{where(dsn)}: {text} (adapter {adapter}). Grant the reading user select on it.")
    if not code and not _alive(connection):
        return ConnectionLostError(f"lost {place}: the connection broke while {name}.sql was read ({text})")
    state = f", SQLSTATE {code}" if code else ""
    return SourceError(f"{where(dsn)}: {staying(code) or text} (adapter {adapter}, {name}.sql{state}). {expected}")


_TOO_LONG = "took longer than CONTACT_AUDIT_STATEMENT_TIMEOUT_SECONDS. Look for missing indexes (docs/adapters.md), or raise the setting."
_ENDED_READING = {
    "timeout": _TOO_LONG,
    "person": "was cancelled by an administrator (pg_cancel_backend). Ask why, then clear the task.",
    None: f"{_TOO_LONG} Or an administrator cancelled it.",
}


def _alive(connection: Any) -> bool:
    """Whether a server still answers on an ADBC connection, be it with an error."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
    except adbc_driver_manager.Error as error:
        return bool(getattr(error, "sqlstate", None))
    return True


def _adbc_text(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    useful = [line for line in lines if line.startswith(("ERROR:", "FATAL:"))] or lines[:2]
    return " ".join(useful)
