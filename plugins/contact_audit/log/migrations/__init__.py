"""The audit database's schema, revision by revision.

Each revision owns the files of include/sql/audit/revisions/<revision>/ and executes them as they are; once released they
never change (SHA256SUMS beside them), and what is to change does so in the next revision. Alembic keeps the order and remembers what
is done. It is imported where it is used: most tasks never ask for it.
"""

import logging
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from contact_audit.database import audit_connect, audit_connection, begin_audit
from contact_audit.sql import statement

if TYPE_CHECKING:
    from alembic.config import Config

SCHEMA = "audit"
VERSION_TABLE = "schema_version"
_log = logging.getLogger(__name__)
_LOCK = 5_920_191_001
"""Key of the advisory lock that lets one upgrade run at a time."""


def upgrade(dsn: str, revision: str = "head") -> str:
    """Bring the database of that libpq address up to date, or to an earlier revision, in one transaction; the revision that it has then.

    Raises AuditDatabaseError or ConnectionLostError; nothing has changed then.
    """
    from alembic.command import upgrade as alembic_upgrade
    from sqlalchemy import create_engine
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import NullPool

    with audit_connection(dsn) as guard, guard.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%(key)s)", {"key": _LOCK})
        engine = create_engine(
            "postgresql+psycopg2://", creator=lambda: audit_connect(dsn, "contact_audit migrate"), poolclass=NullPool
        )
        try:
            with engine.begin() as connection:
                begin_audit(cast("Any", connection.connection.driver_connection), dsn)
                connection.exec_driver_sql("create schema if not exists audit")
                config = _config()
                config.attributes["connection"] = connection
                alembic_upgrade(config, revision)
        except DBAPIError as error:
            raise error.orig or error from error
    return current(dsn) or ""


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
