"""The audit database that is read: the demo's, or one filled for this alone.

Only an embedded PostgreSQL is used, whatever connections the environment holds: roles are made on it.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg2

from bench.table import say
from contact_audit.demo import fill
from contact_audit.local.embedded import Server
from contact_audit.local.state import State
from contact_audit.log import migrations
from contact_audit.windows import floor_border
from tests.support.runs import backfill, new_pipeline


@contextmanager
def filled_server(state: State) -> Iterator[Server]:
    """The server of `make demo` if its log is filled, else a new one in a temporary folder, gone afterwards.

    The demo's server runs afterwards only if it ran before.
    """
    server = Server(state)
    if state.data.is_dir():
        ran = server.pid() is not None
        server.start()
        try:
            if _is_filled(server.dsn("contact_audit")):
                yield server
                return
        finally:
            if not ran:
                server.stop()
    with _temporary_server() as server:
        yield server


@contextmanager
def _temporary_server() -> Iterator[Server]:
    server = Server(State(Path(tempfile.mkdtemp(prefix="audit-superset-"))), durable=False)
    try:
        server.start()
        say("no demo here (make demo): filling a log in a temporary folder")
        helpdesk, audit, now = server.dsn("helpdesk"), server.dsn("contact_audit"), datetime.now(UTC)
        migrations.upgrade(audit)
        fill(helpdesk, floor_border(now), progress=say)
        backfill(new_pipeline(helpdesk, audit), now=now)
        yield server
    finally:
        server.remove()
        shutil.rmtree(server.state.home, ignore_errors=True)


def _is_filled(dsn: str) -> bool:
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("select to_regclass('audit.contact_audit_log') is not null")
        if cursor.fetchone() != (True,):
            return False
        cursor.execute("select exists(select from audit.contact_audit_log)")
        return cursor.fetchone() == (True,)
