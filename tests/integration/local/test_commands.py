"""The commands: what the Makefile promises, and what the command line says when it cannot do it."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from contact_audit.local.embedded import Server
from contact_audit.local.processes import free_port, note_process, noted_process
from contact_audit.local.state import HOME_VARIABLE, PROJECT, State
from tests.conftest import NewDatabase

TARGETS = [
    "help",
    "demo",
    "demo-roundup",
    "check-source",
    "doctor",
    "verify",
    "watch-test",
    "secrets",
    "test",
    "test-heavy",
    "test-all",
    "lint",
    "migrate",
    "airflow",
    "up",
    "down",
    "clean",
    "lock",
    "bench",
]


@pytest.fixture
def state() -> Iterator[State]:
    """A state folder of its own; its server is stopped in the end."""
    state = State(Path(tempfile.mkdtemp(prefix="audit-tests-")))
    yield state
    Server(state).stop()
    shutil.rmtree(state.home, ignore_errors=True)


def run(state: State, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "CONTACT_AUDIT_"))}
    environment = {**kept, HOME_VARIABLE: str(state.home), "PYTHONPATH": str(PROJECT / "plugins"), **variables}
    command = [sys.executable, "-m", "contact_audit.local", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("target", TARGETS)
def test_make_knows_the_target(target: str) -> None:
    made = subprocess.run(["make", "--dry-run", target], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr


def test_make_alone_lists_every_target_with_what_it_does() -> None:
    shown = subprocess.run(["make"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    listed = re.findall(r"^ +make ([\w-]+) +\S", shown, flags=re.MULTILINE)
    assert sorted(listed) == sorted([*TARGETS, "format", "prove", "accuracy", "screenshots", "superset"])


def test_make_refuses_a_python_that_is_too_old_or_too_new(tmp_path: Path) -> None:
    shutil.copy(PROJECT / "Makefile", tmp_path)
    old = tmp_path / "python3.10"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo Python 3.10.13\nexit 1\n')
    old.chmod(0o755)
    command = ["make", "demo", f"PYTHON={old}"]
    for name in ("requirements.txt", "requirements-bootstrap.txt"):
        (tmp_path / name).touch()
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert made.returncode != 0
    assert "Python 3.11, 3.12 or 3.13 is needed" in made.stderr
    assert "Python 3.10.13" in made.stderr
    assert not (tmp_path / ".venv").exists()


def test_what_installs_all_else_is_pinned_by_hash() -> None:
    pinned = (PROJECT / "requirements-bootstrap.txt").read_text()
    assert re.search(r"^uv==[\d.]+ \\\n +--hash=sha256:[0-9a-f]{64}", pinned, flags=re.MULTILINE)
    installs = [line for line in (PROJECT / "Makefile").read_text().splitlines() if "pip install" in line]
    assert installs
    assert [line for line in installs if "--require-hashes" not in line] == []


def test_an_unknown_command_is_refused_with_the_known_ones(state: State) -> None:
    done = run(state, "fly")
    assert done.returncode == 2
    assert "'demo'" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_setting_is_refused_before_anything_starts(state: State) -> None:
    done = run(state, "migrate", CONTACT_AUDIT_SKEW="2 minutes")
    assert done.returncode == 1
    assert done.stderr.startswith("SettingsError: CONTACT_AUDIT_SKEW is not a setting")
    assert Server(state).pid() is None


def test_a_malformed_port_is_refused(state: State) -> None:
    done = run(state, "up", PORT="http")
    assert done.returncode == 1
    assert "PORT='http' is not a port" in done.stderr


def test_env_prints_what_a_shell_can_eval(state: State) -> None:
    printed = run(state, "env").stdout
    script = f"{printed}\necho $AIRFLOW_HOME; echo $AIRFLOW_CONN_HELPDESK"
    home, helpdesk = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert home == str(state.airflow)
    assert helpdesk == (
        f'{{"conn_type": "postgres", "host": "{state.socket_folder()}", "login": "postgres", "schema": "helpdesk"}}'
    )


def test_each_state_folder_has_a_secret_of_its_own_that_airflow_signs_with(state: State) -> None:
    name = "AIRFLOW__API_AUTH__JWT_SECRET"
    read = [run(state, "env").stdout, run(state, "env").stdout]
    (secret,) = {line.partition("=")[2] for text in read for line in text.splitlines() if name in line}
    assert len(bytes.fromhex(secret)) == 64
    assert (state.home / "jwt_secret").stat().st_mode & 0o077 == 0
    assert f"{name}=" not in run(state, "env", **{name: "of-the-caller"}).stdout


def test_what_the_commands_write_is_its_users_alone(state: State) -> None:
    run(state, "migrate")
    run(state, "airflow", "version")
    written = [path for path in state.home.rglob("*") if path.is_file() and not path.is_relative_to(state.data)]
    assert state.logs / "metadata.log" in written
    assert [path for path in written if path.stat().st_mode & 0o077] == []


def test_migrate_brings_the_embedded_audit_database_up_to_date(state: State) -> None:
    assert "now at revision" in run(state, "migrate").stdout
    assert "already" in run(state, "migrate").stdout
    assert "process" in run(state, "status").stdout


def test_migrate_uses_the_callers_database_and_starts_nothing(state: State, new_database: NewDatabase) -> None:
    done = run(state, "migrate", AIRFLOW_CONN_CONTACT_AUDIT=new_database())
    assert "now at revision" in done.stdout, done.stderr
    assert Server(state).pid() is None


def test_migrate_without_an_answer_is_one_line(state: State) -> None:
    done = run(state, "migrate", AIRFLOW_CONN_CONTACT_AUDIT="postgres://someone:secret@localhost:1/audit")
    assert done.returncode == 1
    assert done.stderr.startswith("AuditDatabaseError: cannot connect")
    assert len(done.stderr.splitlines()) == 1
    assert "secret" not in done.stderr


def test_down_ends_what_runs_and_says_what_did_not(state: State) -> None:
    Server(state).start()
    assert run(state, "down").stdout.splitlines() == ["Airflow: was not running", "PostgreSQL: stopped"]
    assert Server(state).pid() is None
    assert run(state, "down").stdout.splitlines() == ["Airflow: was not running", "PostgreSQL: was not running"]


def test_clean_removes_the_state_and_nothing_else(state: State) -> None:
    Server(state).start()
    (state.home / "thesis.txt").write_text("not ours")
    assert run(state, "clean").returncode == 0
    assert [path.name for path in state.home.iterdir()] == ["thesis.txt"]
    (state.home / "thesis.txt").unlink()
    Server(state).start()
    assert run(state, "clean").returncode == 0
    assert not state.home.exists()


def test_a_taken_port_is_passed_over() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) > port


def test_a_pid_given_anew_to_another_process_is_not_ours(tmp_path: Path) -> None:
    note = tmp_path / "airflow.pid"
    assert noted_process(note) is None
    note_process(note, os.getpid())
    assert noted_process(note) is not None
    note.write_text(f"{os.getpid()} 1.0\n")
    assert noted_process(note) is None
