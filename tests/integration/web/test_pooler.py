"""Behind a pooler that gives each transaction another connection, everything has the rights and the settings that it needs."""

import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg2
import pytest

from contact_audit.errors import ContactAuditError
from contact_audit.export.events import reading as export_reading
from contact_audit.export.request import Request
from contact_audit.web.reading import Reading
from tests.support.compact import moment, world_of
from tests.support.programs import needed
from tests.support.runs import NOW, new_pipeline, query, stored, sync
from tests.support.worlds import write_world

pytestmark = pytest.mark.heavy(minutes=5)

WORLD = """
    00:00 capture#1 plan=a
    01:00 update #1 ann plan:a>b
    03:00 capture#2 plan=b
    04:00 update #2 bo plan:b>c
    06:00 capture#3 plan=c
"""


@pytest.fixture
def behind(helpdesk_dsn: str, audit_dsn: str) -> Iterator[tuple[str, str]]:
    """The addresses of both databases behind a pgbouncer in transaction mode that has two server connections for each."""
    program = needed("pgbouncer", "both databases behind pgbouncer in transaction mode")
    folder = Path("/tmp") / f"audit-tests-pool-{os.getpid()}"
    folder.mkdir(mode=0o755, exist_ok=True)
    port = _free_port()
    lines = [f"{_name(dsn)} = host={_folder(dsn)} port=5432 user=postgres" for dsn in (helpdesk_dsn, audit_dsn)]
    (folder / "pgbouncer.ini").write_text(
        "\n".join(
            [
                *("[databases]", *lines, "[pgbouncer]", "listen_addr = 127.0.0.1", f"listen_port = {port}"),
                *("unix_socket_dir =", "auth_type = any", "pool_mode = transaction", "default_pool_size = 2"),
                *("max_client_conn = 100", "server_reset_query =", f"logfile = {folder}/log", ""),
            ]
        )
    )
    owner = (Path(_folder(audit_dsn)) / ".s.PGSQL.5432").stat().st_uid
    user = owner if os.getuid() == 0 else None  # pgbouncer does not run as root
    (folder / "log").touch()
    (folder / "log").chmod(0o666)
    process = subprocess.Popen([program, "-q", str(folder / "pgbouncer.ini")], user=user, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, _name(audit_dsn))
        yield tuple(f"postgresql://postgres@127.0.0.1:{port}/{_name(dsn)}" for dsn in (helpdesk_dsn, audit_dsn))
    finally:
        process.terminate()
        process.wait()
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


def test_pages_exports_and_syncs_side_by_side(behind: tuple[str, str], helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(helpdesk_dsn, world_of(WORLD))
    pipeline = new_pipeline(*behind)
    page = Reading(lambda: behind[1])
    roles: set[tuple[str, str, str]] = set()
    failures: list[ContactAuditError] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            try:
                with page.snapshot() as ask:
                    ask("coverage")
                    roles.update(_who(ask))
                request = Request.from_params({"format": "csv"}, NOW)
                with export_reading(behind[1], request) as events:
                    list(events.batches())
            except ContactAuditError as error:
                failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for thread in readers:
        thread.start()
    for clock in ("00:00", "03:00", "06:00"):
        sync(pipeline, moment(clock))
    done.set()
    for thread in readers:
        thread.join()
    page.close()
    assert failures == []
    assert roles == {("contact_audit_reader", "on", "10s")}
    assert [row["attribution"] for row in stored(audit_dsn)["contact_audit_log"]] == ["recorded", "recorded"]


def _who(ask: object) -> set[tuple[str, str, str]]:
    connection = ask.__closure__[0].cell_contents  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        cursor.execute(
            "select current_user, current_setting('transaction_read_only'), current_setting('statement_timeout')"
        )
        return {cursor.fetchone()}


def test_what_one_transaction_sets_is_gone_in_the_next(behind: tuple[str, str]) -> None:
    with Reading(lambda: behind[1]).snapshot() as ask:
        ask("coverage")
    for _ in range(4):
        (row,) = query(behind[1], "select current_user as who, current_setting('statement_timeout') as timeout")
        assert row == {"who": "postgres", "timeout": "0"}


def _name(dsn: str) -> str:
    return urlsplit(dsn).path.lstrip("/")


def _folder(dsn: str) -> str:
    return parse_qs(urlsplit(dsn).query)["host"][0]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_for(port: int, name: str) -> None:
    for _ in range(40):
        try:
            with closing(psycopg2.connect(f"postgresql://postgres@127.0.0.1:{port}/{name}")):
                return
        except psycopg2.OperationalError:
            time.sleep(0.05)
    pytest.fail("pgbouncer does not answer")
