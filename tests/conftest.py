"""What all tests stand on: a PostgreSQL of the run's own, fresh databases in it, and an environment apart.

Each run has its own folder, socket and server, so that runs side by side do not meet; nothing is left behind.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import sql

from contact_audit.local.embedded import Server
from contact_audit.local.environment import airflow_environment
from contact_audit.local.processes import prepare_metadata
from contact_audit.local.state import HOME_VARIABLE, State
from contact_audit.log import migrations
from contact_audit.sql import statement

pytest_plugins = ["tests.support.frame"]
NewDatabase = Callable[..., str]
_STATE = pytest.StashKey[State]()
_MAKER = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    """Set the environment before anything imports Airflow; the caller's own databases stay out of reach."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended from outside, it tidies up, too
    # Not below pytest's own folder: that is closed to PostgreSQL's user, and each new run closes it again.
    state = State(Path(tempfile.mkdtemp(prefix="audit-tests-")))
    state.make()
    config.stash[_STATE], config.stash[_MAKER] = state, os.getpid()
    for name in list(os.environ):
        if name.startswith(("AIRFLOW", "_AIRFLOW", "CONTACT_AUDIT_")) or name == "PORT":
            del os.environ[name]
    os.environ.update(airflow_environment(state, {**os.environ, HOME_VARIABLE: str(state.home)}))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove all of it; but a process that was forked off this one and ends as it would (it inherits the handler of SIGTERM) leaves it."""
    state = config.stash.get(_STATE, None)
    if state is not None and config.stash[_MAKER] == os.getpid():
        Server(state).remove()
        shutil.rmtree(state.home, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Iterator[Server]:
    """The run's PostgreSQL, with the databases airflow, helpdesk and contact_audit, empty."""
    server = Server(pytestconfig.stash[_STATE], durable=False)
    server.start()
    yield server
    if pytestconfig.stash[_MAKER] == os.getpid():
        server.stop()


@pytest.fixture(scope="session")
def airflow(postgres: Server) -> dict[str, str]:
    """Airflow's metadata, migrated; the environment for its commands (this process has it, too)."""
    environment = dict(os.environ)
    prepare_metadata(postgres.state, environment)
    return environment


@pytest.fixture
def new_database(postgres: Server) -> Iterator[NewDatabase]:
    """A function that makes a fresh database, a copy of `template` if given, and gives its DSN; gone after the test."""
    made: list[str] = []

    def make(template: str = "template1") -> str:
        name = f"test_{next(_NUMBERS)}"
        _execute(postgres, "create database {} template {}", name, template)
        made.append(name)
        return postgres.dsn(name)

    yield make
    for name in made:
        _execute(postgres, "drop database {} with (force)", name)


@pytest.fixture
def helpdesk_dsn(new_database: NewDatabase, _helpdesk_template: str) -> str:
    """A fresh helpdesk database with the reference schema, empty."""
    return new_database(_helpdesk_template)


@pytest.fixture
def audit_dsn(new_database: NewDatabase, _audit_template: str) -> str:
    """A fresh audit database, migrated, empty."""
    return new_database(_audit_template)


@pytest.fixture(scope="session")
def _helpdesk_template(postgres: Server) -> str:
    _execute(postgres, "create database {}", "template_helpdesk")
    with (
        closing(psycopg2.connect(postgres.dsn("template_helpdesk"))) as connection,
        connection,
        connection.cursor() as c,
    ):
        c.execute(statement("helpdesk/schema"))
    return "template_helpdesk"


@pytest.fixture(scope="session")
def _audit_template(postgres: Server) -> str:
    _execute(postgres, "create database {}", "template_audit")
    migrations.upgrade(postgres.dsn("template_audit"))
    return "template_audit"


_NUMBERS = count(1)


def _execute(server: Server, text: str, *names: str) -> None:
    with closing(psycopg2.connect(server.dsn("postgres"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(text).format(*map(sql.Identifier, names)))
