"""The audit database's schema, revision by revision.

Each revision owns the files of include/sql/audit/revisions/<revision>/ and executes them as they are; once released they
never change (SHA256SUMS beside them), and what is to change does so in the next revision. Alembic keeps the order and remembers what
is done. It is imported where it is used: most tasks never ask for it.
"""

import logging
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import psycopg2

from contact_audit.connections import where
from contact_audit.database import audit_connect, audit_connection, audit_error, begin_audit
from contact_audit.errors import AuditDatabaseError
from contact_audit.sql import statement

if TYPE_CHECKING:
    from alembic.config import Config

SCHEMA = "audit"
VERSION_TABLE = "schema_version"
_log = logging.getLogger(__name__)
_LOCK, _LIMIT, _HOLDERS = (statement(f"audit/migrate/{name}") for name in ("lock", "waits", "holders"))
_WAITS = 60.0
"""Seconds that an upgrade waits for a lock, of another upgrade's or of somebody who reads."""


def upgrade(dsn: str, revision: str = "head", waits: float = _WAITS) -> str:
    """Bring the database of that libpq address up to date, or to an earlier revision, in one transaction; the revision that it has then.

    Waits at most so many seconds for each lock. Raises AuditDatabaseError, which says who holds one that was not to be had, or
    ConnectionLostError; nothing has changed then.
    """
    from psycopg2 import errors

    is_first = current(dsn) is None
    try:
        _upgrade(dsn, revision, int(waits * 1000))
    except errors.LockNotAvailable as error:
        raise AuditDatabaseError(
            f"the upgrade of {where(dsn)} has waited {waits:g} seconds for a lock, and changed nothing. {_holders(dsn)} "
            "Wait for them, or end them, then run again: make migrate"
        ) from error
    except (errors.UniqueViolation, errors.DuplicateSchema, errors.DuplicateTable) as error:
        # Of two first upgrades at once, the second finds, as soon as it may go on, that all is there.
        if not is_first or current(dsn) is None:
            raise audit_error(error, dsn) from error
        return upgrade(dsn, revision, waits)
    except psycopg2.Error as error:
        raise audit_error(error, dsn) from error
    return current(dsn) or ""


def _upgrade(dsn: str, revision: str, milliseconds: int) -> None:
    """Raises the driver's errors."""
    from alembic.command import upgrade as alembic_upgrade
    from sqlalchemy import create_engine
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import NullPool

    engine = create_engine(
        "postgresql+psycopg2://", creator=lambda: audit_connect(dsn, "contact_audit migrate"), poolclass=NullPool
    )
    try:
        with engine.begin() as connection:
            raw = cast("Any", connection.connection.driver_connection)
            begin_audit(raw, dsn)
            with closing(raw.cursor()) as cursor:
                cursor.execute(_LIMIT, {"milliseconds": milliseconds})
                cursor.execute("select to_regclass('audit.schema_version') is not null")
                if cursor.fetchone()[0]:
                    cursor.execute(_LOCK)
            connection.exec_driver_sql("create schema if not exists audit")
            config = _config()
            config.attributes["connection"] = connection
            alembic_upgrade(config, revision)
    except DBAPIError as error:
        if isinstance(error.orig, psycopg2.Error):
            raise error.orig from error
        raise


def _holders(dsn: str) -> str:
    """Who is in the way, in words."""
    with audit_connection(dsn) as connection, connection.cursor() as cursor:
        cursor.execute(_HOLDERS)
        told = [
            f"process {pid} ({user or 'unknown user'}, {name or 'no name'}{f', since {since:%Y-%m-%d %H:%M:%S %Z}' if since else ''})"
            for pid, user, name, since in cursor.fetchall()
        ]
    return f"At work on its tables: {', '.join(told)}." if told else "Whoever held it has just ended."


def current(dsn: str) -> str | None:
    """The revision of the database, or None before the first. Raises AuditDatabaseError or ConnectionLostError."""
    with audit_connection(dsn) as connection, connection.cursor() as cursor:
        cursor.execute("select to_regclass('audit.schema_version') is not null")
        if not (cursor.fetchone() or (False,))[0]:
            return None
        cursor.execute("select version_num from audit.schema_version")
        row = cursor.fetchone()
        return str(row[0]) if row else None


def head() -> str:
    """The newest revision that there is."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def execute(name: str) -> None:
    """For revisions: execute include/sql/audit/revisions/<name>.sql as it is (percent signs, dollar quotes), and tell what it warns of."""
    from alembic import op

    raw: Any = op.get_bind().connection.driver_connection
    with closing(raw.cursor()) as cursor:
        cursor.execute(statement(f"audit/revisions/{name}"))
    for notice in raw.notices:
        if notice.startswith("WARNING"):
            _log.warning("%s.sql: %s", name, " ".join(notice.split()))
    raw.notices.clear()


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    # Alembic interpolates percent signs.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
