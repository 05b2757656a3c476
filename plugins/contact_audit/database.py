"""Connections to both databases, and what their errors mean.

A DSN is a libpq connection URI; it holds a password and is never printed.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import adbc_driver_manager
import psycopg2
import pyarrow as pa
from adbc_driver_postgresql import dbapi
from psycopg2.extensions import connection as Connection
from pyarrow import csv

from contact_audit.errors import (
    AuditDatabaseError,
    ConnectionLostError,
    ContactAuditError,
    ReaderRoleError,
    SourceError,
)
from contact_audit.sql import bind, statement

_NOT_LIBPQ = {"__extra__", "cursor", "iam", "aws_conn_id", "use_azure_managed_identity", "sqlalchemy_scheme"}
# SQLSTATE classes: connection exception, operator intervention (a server that stops).
_LOST = ("08", "57P")
# A limit of PostgreSQL that a value exceeds: psycopg2 calls it operational, but trying again meets it again.
_TOO_MUCH = "54"
# What a server says while it starts, stops or has no connection left: soon it may answer. Connecting gives no SQLSTATE.
_PASSING = ("the database system is ", "too many clients", "remaining connection slots", "too many connections")
_MISSING = {"42P01": "table", "42703": "column", "3F000": "schema", "42883": "function"}


def libpq_uri(
    host: str | None,
    port: int | None,
    user: str | None,
    password: str | None,
    database: str | None,
    options: Mapping[str, Any],
) -> str:
    """A libpq connection URI of its parts; `options` are libpq's own (sslmode, host for a socket's folder, ...)."""
    login = quote(user or "", safe="")
    if password:
        login += ":" + quote(password, safe="")
    address = f"[{host}]" if host and ":" in host else quote(host or "", safe="")
    query = urlencode({name: str(value) for name, value in options.items() if name not in _NOT_LIBPQ}, quote_via=quote)
    return (
        f"postgresql://{login + '@' if login else ''}{address}{f':{port}' if port else ''}/{quote(database or '', safe='')}"
        f"{'?' + query if query else ''}"
    )


def dsn_from_uri(text: str) -> str:
    """The DSN of an Airflow connection as AIRFLOW_CONN_* holds it: a URI, or JSON."""
    if text.lstrip().startswith("{"):
        parts = json.loads(text)
        extra = parts.get("extra") or {}
        extra = json.loads(extra) if isinstance(extra, str) else extra
        port = int(parts["port"]) if parts.get("port") else None
        return libpq_uri(parts.get("host"), port, parts.get("login"), parts.get("password"), parts.get("schema"), extra)
    url = urlsplit(text)
    query = dict(parse_qsl(url.query))
    options = query | json.loads(query.get("__extra__", "{}"))
    host, user, password = (unquote(part) if part else None for part in (url.hostname, url.username, url.password))
    return libpq_uri(host, url.port, user, password, unquote(url.path.lstrip("/")), options)


def dsn_of(connection: Any) -> str:
    """The DSN of an Airflow connection object."""
    return libpq_uri(
        connection.host,
        connection.port,
        connection.login,
        connection.password,
        connection.schema,
        connection.extra_dejson,
    )


def where(dsn: str) -> str:
    """What may be shown of a DSN: host, port and database."""
    url = urlsplit(dsn)
    folder = dict(parse_qsl(url.query)).get("host")
    return f"{unquote(url.hostname or folder or 'localhost')}:{url.port or 5432}/{unquote(url.path.lstrip('/'))}"


def first_line(error: BaseException) -> str:
    """The first line of a driver's message."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


@contextmanager
def audit_connection(dsn: str) -> Iterator[Connection]:
    """One transaction on the audit database: committed at the end, rolled back on an error. Raises AuditDatabaseError or
    ConnectionLostError.
    """
    try:
        connection = psycopg2.connect(dsn, application_name="contact_audit")
    except psycopg2.OperationalError as error:
        if _passes(error):
            raise ConnectionLostError(
                f"the audit database {where(dsn)} cannot answer now: {first_line(error)}"
            ) from error
        raise AuditDatabaseError(
            f"cannot connect to the audit database {where(dsn)}: {first_line(error)}. Check the connection contact_audit."
        ) from error
    try:
        with connection:
            yield connection
    except psycopg2.Error as error:
        raise audit_error(error, dsn) from error
    finally:
        connection.close()


def need_reader_role(taken: str | None, dsn: str) -> None:
    """Raise ReaderRoleError unless the role of those who only read was taken on; `taken` is what session.sql returns."""
    if taken is None:
        raise ReaderRoleError(
            f"the user of the connection contact_audit may not take on the role contact_audit_reader in {where(dsn)}, and nothing "
            "is read with other rights. As an administrator: create the role if it is missing "
            "(include/sql/audit/revisions/0003/reader.sql), then grant contact_audit_reader to that user."
        )


def audit_error(error: psycopg2.Error, dsn: str) -> ContactAuditError:
    """What an error of the audit database means."""
    code = error.pgcode or ""
    if code in _MISSING:
        return AuditDatabaseError(
            f"{first_line(error)} in {where(dsn)}: the audit database is not migrated to this version. Run: make migrate"
        )
    operational = isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError))
    if code.startswith(_LOST) or (operational and not code.startswith(_TOO_MUCH)):
        return ConnectionLostError(f"lost the audit database {where(dsn)}: {first_line(error)}")
    return AuditDatabaseError(f"the audit database {where(dsn)} refused: {first_line(error)}")


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
        with reading(self._dsn, self._adapter, name), self._connection.cursor() as cursor:
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
        with reading(self._dsn, self._adapter, name), self._connection.cursor() as cursor:
            cursor.execute(text)
            yield cursor


@contextmanager
def reader(dsn: str, adapter: str, timeout_seconds: int) -> Iterator[Reader]:
    """Open a Reader; every statement ends after the timeout. Raises SourceError or ConnectionLostError."""
    try:
        connection = dbapi.connect(dsn)
    except adbc_driver_manager.Error as error:
        if _passes(error):
            raise ConnectionLostError(
                f"the helpdesk database {where(dsn)} cannot answer now: {_adbc_text(error)}"
            ) from error
        raise SourceError(
            f"cannot connect to the helpdesk database {where(dsn)}: {_adbc_text(error)}. Check the connection helpdesk."
        ) from error
    try:
        with reading(dsn, adapter, "session"), connection.cursor() as cursor:
            for line in bind(statement("sources/session"), {"timeout": timeout_seconds * 1000}).split(";"):
                if line.strip():
                    cursor.execute(line)
        yield Reader(connection, dsn, adapter)
    finally:
        with suppress(adbc_driver_manager.Error):  # a connection that is lost cannot say goodbye
            connection.close()


@contextmanager
def reading(dsn: str, adapter: str, name: str) -> Iterator[None]:
    """Turn a driver's error into one that says what, where and what now."""
    try:
        yield
    except (adbc_driver_manager.Error, pa.ArrowException) as error:
        code = getattr(error, "sqlstate", None) or ""
        text = _adbc_text(error)
        expected = f"Expected by include/sql/sources/{adapter}/{name}.sql; see docs/adapters.md"
        if code in _MISSING:
            raise SourceError(f"{where(dsn)}: {text} (adapter {adapter}). {expected}") from error
        if code == "57014":
            raise SourceError(
                f"{where(dsn)}: {name}.sql took longer than CONTACT_AUDIT_STATEMENT_TIMEOUT_SECONDS. Look for missing indexes "
                "(docs/adapters.md), or raise the setting."
            ) from error
        if code == "42501":
            raise SourceError(
                f"{where(dsn)}: {text} (adapter {adapter}). Grant the reading user select on it."
            ) from error
        if code.startswith(_LOST) or not code:
            raise ConnectionLostError(f"lost the helpdesk database {where(dsn)}: {text}") from error
        raise SourceError(f"{where(dsn)}: {text} (adapter {adapter}, SQLSTATE {code}). {expected}") from error


def _passes(error: BaseException) -> bool:
    return any(text in str(error) for text in _PASSING)


def _adbc_text(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    useful = [line for line in lines if line.startswith(("ERROR:", "FATAL:"))] or lines[:2]
    return " ".join(useful)
