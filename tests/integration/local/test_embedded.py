"""The embedded PostgreSQL: there when needed, up again after a crash, in nobody's way."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import psycopg2
import pytest

from contact_audit.local.embedded import DATABASES, Server
from contact_audit.local.environment import airflow_environment
from contact_audit.local.state import PROJECT, State

NewServer = Callable[..., Server]


@pytest.fixture
def new_server() -> Iterator[NewServer]:
    """A function that gives a server, not started, in the named folder below a temporary one."""
    # Not below pytest's own folder, which is closed to PostgreSQL's user.
    root = Path(tempfile.mkdtemp(prefix="audit-tests-"))
    made: list[Server] = []

    def make(folder: str, *, durable: bool = False) -> Server:
        made.append(Server(State(root / folder), durable=durable))
        return made[-1]

    yield make
    for server in made:
        server.remove()
    shutil.rmtree(root)


def ask(server: Server, database: str, question: str) -> object:
    with closing(psycopg2.connect(server.dsn(database))) as connection, connection, connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0] if cursor.description else None


def crash(server: Server) -> None:
    pid = server.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while server.pid() is not None:
        time.sleep(0.02)


def test_the_first_start_creates_the_three_databases(new_server: NewServer) -> None:
    server = new_server("state")
    assert server.pid() is None
    server.start()
    assert [ask(server, name, "select current_database()") for name in DATABASES] == list(DATABASES)
    assert ask(server, "airflow", "show listen_addresses") == ""
    assert ask(server, "airflow", "show timezone") == "UTC"


def test_text_sorts_by_code_point_and_lower_knows_all_letters(new_server: NewServer) -> None:
    server = new_server("state")
    server.start()
    assert ask(server, "helpdesk", "select 'Z' < 'a' and lower('ÄÖ') = 'äö'") is True


def test_starting_twice_is_starting_once(new_server: NewServer) -> None:
    server = new_server("state")
    server.start()
    first = server.pid()
    server.start()
    assert server.pid() == first


def test_after_a_stop_it_is_gone_and_its_data_stay(new_server: NewServer) -> None:
    server = new_server("state")
    server.start()
    ask(server, "helpdesk", "create table kept (number int)")
    assert server.stop()
    assert server.pid() is None
    assert not server.stop()
    server.start()
    assert ask(server, "helpdesk", "select count(*) from kept") == 0


def test_a_crashed_server_comes_up_again_with_what_was_committed(new_server: NewServer) -> None:
    server = new_server("state", durable=True)
    server.start()
    ask(server, "helpdesk", "create table kept (number int)")
    crash(server)
    server.start()
    assert ask(server, "helpdesk", "select count(*) from kept") == 0


def test_a_pid_file_that_names_another_process_by_now_does_not_hinder(new_server: NewServer) -> None:
    server = new_server("state")
    server.start()
    crash(server)
    note = server.state.data / "postmaster.pid"
    note.write_text(note.read_text().replace(note.read_text().split("\n")[0], str(os.getpid()), 1))
    assert server.pid() is None
    assert not server.stop()
    server.start()
    assert ask(server, "helpdesk", "select 1") == 1


def test_an_interrupted_set_up_begins_anew(new_server: NewServer) -> None:
    server = new_server("state")
    server.state.make()
    server.state.data.mkdir()
    (server.state.data / "PG_VERSION").write_text("18\n")
    server.start()
    assert ask(server, "airflow", "select 1") == 1


@pytest.mark.parametrize("folder", ["deep/" * 30, "with a space", "of ünïcode", "of 'quotes', and commas", "50 %"])
def test_an_unusual_folder_does(new_server: NewServer, folder: str) -> None:
    server = new_server(folder)
    server.start()
    assert ask(server, "contact_audit", "select 1") == 1
    address = server.dsn("contact_audit")
    server.stop()
    server.start()
    assert server.dsn("contact_audit") == address


def test_a_socket_outside_the_state_folder_is_private_and_removed_with_it(new_server: NewServer) -> None:
    server = new_server("deep/" * 30)
    server.start()
    folder = server.state.socket_folder()
    assert not folder.is_relative_to(server.state.home)
    assert folder.stat().st_mode & 0o077 == 0
    server.remove()
    assert not folder.exists()


@pytest.mark.parametrize("folder", ["short", "deep/" * 30])
def test_two_checkouts_side_by_side_have_nothing_in_common(new_server: NewServer, folder: str) -> None:
    one, other = new_server(f"one/{folder}"), new_server(f"other/{folder}")
    one.start()
    other.start()
    ask(one, "helpdesk", "create table of_one ()")
    assert ask(other, "helpdesk", "select to_regclass('of_one')") is None
    assert one.stop()
    assert ask(other, "helpdesk", "select 1") == 1


def test_a_copy_of_a_stopped_state_folder_is_a_server_of_its_own(new_server: NewServer) -> None:
    one, other = new_server("deep/" * 30 + "one"), new_server("deep/" * 30 + "other")
    one.start()
    one.stop()
    subprocess.run(["cp", "-a", str(one.state.home), str(other.state.home)], check=True)
    one.start()
    other.start()
    assert one.dsn("helpdesk") != other.dsn("helpdesk")
    assert ask(other, "helpdesk", "select 1") == 1


def test_it_outlives_the_process_that_started_it_and_serves_many(new_server: NewServer) -> None:
    server = new_server("state")
    start = "import sys; from pathlib import Path; from contact_audit.local.embedded import Server; "
    start += "from contact_audit.local.state import State; Server(State(Path(sys.argv[1])), durable=False).start()"
    command = [sys.executable, "-c", start, str(server.state.home)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "plugins")}
    starters = [subprocess.Popen(command, env=environment) for _ in range(3)]
    assert [starter.wait() for starter in starters] == [0, 0, 0]
    pid = server.pid()
    assert pid is not None
    assert psutil.Process(pid).is_running()
    assert ask(server, "helpdesk", "select 1") == 1


def test_what_holds_peoples_data_is_closed_to_others(new_server: NewServer) -> None:
    server = new_server("state")
    server.start()
    state = server.state
    for folder in (state.data, state.socket_folder(), state.airflow, state.staging, state.logs):
        assert folder.stat().st_mode & 0o077 == 0, folder
    assert state.home.stat().st_mode & 0o066 == 0


def test_airflow_gets_the_embedded_databases_and_this_project(new_server: NewServer) -> None:
    state = new_server("state").state
    state.make()
    environment = airflow_environment(state, {"PATH": "/usr/bin"}, port=9000)
    assert environment["AIRFLOW_HOME"] == str(state.airflow)
    assert environment["AIRFLOW__CORE__DAGS_FOLDER"] == str(PROJECT / "dags")
    assert environment["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://localhost:9000/execution/"
    assert environment["CONTACT_AUDIT_STAGING"] == state.staging.as_uri()
    assert '"schema": "helpdesk"' in environment["AIRFLOW_CONN_HELPDESK"]
    assert "/airflow?" in environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]


def test_what_the_caller_has_set_stays_and_nothing_else_changes(new_server: NewServer) -> None:
    state = new_server("state").state
    state.make()
    given = {
        "AIRFLOW_CONN_HELPDESK": "postgres://reader@helpdesk.example/main",
        "CONTACT_AUDIT_STAGING": "s3://bucket/staging",
        "AIRFLOW__CORE__PARALLELISM": "32",
        "AIRFLOW_CONN_CONTACT_AUDIT": "",
    }
    with_them, without = airflow_environment(state, given), airflow_environment(state, {})
    assert {name for name in with_them if with_them[name] != without.get(name)} == {
        "AIRFLOW_CONN_HELPDESK",
        "CONTACT_AUDIT_STAGING",
        "AIRFLOW__CORE__PARALLELISM",
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes users")
def test_first_starts_at_the_same_moment_agree_on_the_system_user() -> None:
    """On a new machine two checkouts, or the tests' two workers, may be the first at once."""
    ask = "from contact_audit.local.embedded import system_user; import sys; print(system_user(sys.argv[1]))"
    for attempt in range(3):
        name = f"audit_test_{os.getpid()}_{attempt}"
        started = [
            subprocess.Popen([sys.executable, "-c", ask, name], stdout=subprocess.PIPE, env={"PYTHONPATH": "plugins"})
            for _ in range(4)
        ]
        try:
            told = [process.communicate(timeout=60)[0] for process in started]
            assert [process.returncode for process in started] == [0] * 4
            assert len(set(told)) == 1
        finally:
            subprocess.run(["userdel", name], check=True)
