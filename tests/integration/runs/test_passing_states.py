"""What passes is tried again, what stays fails at once, and each says in our words what happened; on real servers."""

import os
import resource
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pyarrow as pa
import pytest

from contact_audit.database import audit_connection, reader
from contact_audit.errors import (
    AuditDatabaseError,
    ConnectionLostError,
    ContactAuditError,
    PassingError,
    SourceError,
    StagingError,
)
from contact_audit.local.embedded import Server
from contact_audit.local.state import State
from contact_audit.log import migrations
from contact_audit.runs.staging import Staging
from contact_audit.sql import statement
from tests.support.compact import moment, world_of
from tests.support.proxy import cut_after
from tests.support.runs import NOW, backfill, new_pipeline, query, stored
from tests.support.worlds import write_world

WORLD = """
    00:00 capture#1 plan=a
    01:00 update #1 ann plan:a>b
    03:00 capture#2 plan=b
    04:00 update #2 bo plan:b>c
    06:00 capture#3 plan=c
"""
SPAN = {"from_": moment("00:00").isoformat(), "to": moment("06:00").isoformat()}


def execute(dsn: str, text: str) -> None:
    with audit_connection(dsn) as connection, connection.cursor() as cursor:
        cursor.execute(text)


def read(dsn: str, text: str, timeout_seconds: int = 60) -> None:
    with reader(dsn, "helpdesk", timeout_seconds) as opened:
        opened.table_of("journal", text)


WAYS = pytest.mark.parametrize("way", [execute, read], ids=["audit", "helpdesk"])


@contextmanager
def ended_by(dsn: str, how: str) -> Iterator[None]:
    """Whoever sleeps on this database is ended, by pg_cancel_backend or pg_terminate_backend, as soon as he is there."""
    done = threading.Event()

    def end() -> None:
        while not done.wait(0.05):
            if query(
                dsn,
                f"select {how}(pid) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'",
            ):
                return

    thread = threading.Thread(target=end)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@WAYS
def test_a_connection_that_an_administrator_ends_is_lost(way: Callable[..., None], audit_dsn: str) -> None:
    with (
        ended_by(audit_dsn, "pg_terminate_backend"),
        pytest.raises(
            ConnectionLostError, match="lost the .* database .*: (an administrator ended|the connection broke)"
        ),
    ):
        way(audit_dsn, "select pg_sleep(30)")


@WAYS
def test_a_statement_that_an_administrator_cancels_fails_at_once_and_says_so(
    way: Callable[..., None], audit_dsn: str
) -> None:
    with (
        ended_by(audit_dsn, "pg_cancel_backend"),
        pytest.raises(ContactAuditError, match=r"administrator.*pg_cancel_backend") as caught,
    ):
        way(audit_dsn, "select pg_sleep(30)")
    assert not isinstance(caught.value, ConnectionLostError)


def test_a_time_limit_of_ours_names_the_setting_and_one_of_the_servers_names_that(audit_dsn: str) -> None:
    with pytest.raises(SourceError, match="took longer than CONTACT_AUDIT_STATEMENT_TIMEOUT_SECONDS"):
        read(audit_dsn, "select pg_sleep(30)", timeout_seconds=1)
    limited = audit_dsn + "&options=-c%20statement_timeout%3D200"
    with pytest.raises(AuditDatabaseError, match="the server's own statement_timeout"):
        execute(limited, "select pg_sleep(30)")


def test_a_lock_that_is_not_to_be_had_is_waited_for_another_time(audit_dsn: str) -> None:
    with closing(psycopg2.connect(audit_dsn)) as other, other.cursor() as cursor:
        cursor.execute("lock table audit.state in access exclusive mode")
        with pytest.raises(PassingError, match="somebody else holds a lock for longer than its lock_timeout"):
            execute(audit_dsn + "&options=-c%20lock_timeout%3D200", "select * from audit.state")


@WAYS
@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("40001", "recovery conflict"),
        ("40P01", "waited for each other"),
        ("53100", "its disk is full"),
        ("53200", "out of memory"),
        ("53300", "too many connections"),
        ("57P03", "starting, stopping"),
        ("57P05", "ended as idle"),
        ("08006", "the connection broke"),
    ],
)
def test_what_passes_is_worth_a_retry_and_told_in_our_words(
    way: Callable[..., None], code: str, words: str, audit_dsn: str
) -> None:
    with pytest.raises(ConnectionLostError, match=rf"{words}.*\(SQLSTATE {code}\)"):
        way(audit_dsn, _raising(audit_dsn, code))


@WAYS
@pytest.mark.parametrize(
    ("code", "words"), [("54000", "exceeds a limit"), ("25006", "takes no writes"), ("22012", "x")]
)
def test_what_stays_fails_at_once(way: Callable[..., None], code: str, words: str, audit_dsn: str) -> None:
    with pytest.raises(ContactAuditError, match=words) as caught:
        way(audit_dsn, _raising(audit_dsn, code))
    assert not isinstance(caught.value, ConnectionLostError)


def _raising(dsn: str, code: str) -> str:
    query(
        dsn,
        f"""
        create or replace function public.fail() returns integer language plpgsql as
        $$ begin raise exception 'x' using errcode = '{code}'; end $$
        """,
    )
    return "select public.fail()"


@pytest.mark.parametrize("which", ["helpdesk", "audit"])
def test_a_line_that_is_cut_anywhere_is_lost_and_nothing_is_half_done(
    which: str, helpdesk_dsn: str, audit_dsn: str
) -> None:
    write_world(helpdesk_dsn, world_of(WORLD))
    cut, answers = 0, 0
    while True:
        with cut_after(helpdesk_dsn if which == "helpdesk" else audit_dsn, answers) as behind:
            addresses = (behind, audit_dsn) if which == "helpdesk" else (helpdesk_dsn, behind)
            try:
                backfill(new_pipeline(*addresses), **SPAN)
                break
            except ConnectionLostError:
                cut += 1
        answers = answers * 2 + 300
    assert cut > 5
    assert [row["attribution"] for row in stored(audit_dsn, ["contact_audit_log"])["contact_audit_log"]] == [
        "recorded",
        "recorded",
    ]


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    """A server that a test may stop."""
    with tempfile.TemporaryDirectory(prefix="audit-tests-") as folder:
        Path(folder).chmod(0o755)
        server = Server(State(Path(folder) / "state"))
        server.start()
        migrations.upgrade(server.dsn("contact_audit"))
        with closing(psycopg2.connect(server.dsn("helpdesk"))) as connection, connection, connection.cursor() as cursor:
            cursor.execute(statement("helpdesk/schema"))
        yield server
        server.remove()


@pytest.mark.heavy(minutes=5)
def test_immediate_restarts_in_the_middle_of_the_work_are_lost_connections(own_server: Server) -> None:
    helpdesk, audit = own_server.dsn("helpdesk"), own_server.dsn("contact_audit")
    write_world(helpdesk, world_of(WORLD))
    pipeline = new_pipeline(helpdesk, audit)
    pipeline.check()
    lost = 0
    for attempt in range(4):
        restarted = threading.Timer(0.15 * attempt, _restart, (own_server,))
        restarted.start()
        try:
            for _ in range(20):
                backfill(pipeline, force=True, **SPAN)
                if not restarted.is_alive():
                    break
        except ConnectionLostError:
            lost += 1
        restarted.join()
    assert lost >= 2
    backfill(pipeline, **SPAN)
    assert len(stored(audit, ["contact_audit_log"])["contact_audit_log"]) == 2


def _restart(server: Server) -> None:
    pid = server.pid()
    assert pid is not None
    os.kill(pid, signal.SIGQUIT)  # immediate: no goodbye, recovery at the next start
    while server.pid() is not None:
        time.sleep(0.02)
    server.start()


TABLE = pa.table({"text": [f"{number:x}" * 20 for number in range(20_000)]})


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file of this process may grow beyond 20 kB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_staging_disk_names_folder_and_setting_and_leaves_no_half_file(tmp_path: Path, small_files: Any) -> None:
    staging = Staging.create(tmp_path.as_uri(), "run", NOW)
    with pytest.raises(StagingError, match=rf"staging folder .*{staging.folder.name}.*CONTACT_AUDIT_STAGING"):
        staging.write("0-states", TABLE)
    assert [path.name for path in Path(staging.folder.path).iterdir()] == ["run_id"]
