"""The PostgreSQL that is measured on, databases in it, and the statements of bench/sql.

The server is the embedded one as in production: fsync and synchronous_commit on.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from contact_audit.local.embedded import Server
from contact_audit.local.state import State
from contact_audit.log import migrations
from contact_audit.sql import statement

SQL_FOLDER = Path(__file__).parent / "sql"


@contextmanager
def own_server(folder: str | None) -> Iterator[Server]:
    """A server in a new temporary folder; both are gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="audit-bench-", dir=folder))
    # Compiling modules is no part of the pipeline: the measured processes keep what they have compiled, as anywhere.
    os.environ["PYTHONPYCACHEPREFIX"] = str(home / "bytecode")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    server = Server(State(home))
    try:
        server.start()
        yield server
    finally:
        server.remove()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def databases(server: Server, *names: str) -> Iterator[list[str]]:
    """Fresh databases, by their DSNs; dropped afterwards."""
    for name in names:
        _create(server, name)
    try:
        yield [server.dsn(name) for name in names]
    finally:
        for name in names:
            execute(server.dsn("postgres"), sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def _create(server: Server, name: str) -> None:
    execute(server.dsn("postgres"), sql.SQL("create database {}").format(sql.Identifier(name)))


def make_helpdesk(dsn: str) -> None:
    """The reference helpdesk's tables, empty."""
    execute(dsn, statement("helpdesk/schema"))


def make_audit(dsn: str) -> None:
    """The audit database's tables, empty."""
    migrations.upgrade(dsn)


def fill(dsn: str, name: str, **values: Any) -> None:
    """Run bench/sql/<name>.sql, and bring the planner's statistics up to date."""
    execute(dsn, (SQL_FOLDER / f"{name}.sql").read_text(encoding="utf-8"), values)
    execute(dsn, "vacuum analyze")
    execute(dsn, "checkpoint")


def query(dsn: str, name: str, **values: Any) -> list[tuple[Any, ...]]:
    """The rows of bench/sql/<name>.sql."""
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute((SQL_FOLDER / f"{name}.sql").read_text(encoding="utf-8"), values)
        return cursor.fetchall()


def execute(dsn: str, text: "str | sql.Composable", values: dict[str, Any] | None = None) -> None:
    """Run statements, each committed by itself where that must be (vacuum, create database)."""
    with closing(psycopg2.connect(dsn)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(text, values or None)
