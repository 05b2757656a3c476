"""Airflow's processes: its metadata, its standalone server in the background, and single commands.

The metadata is migrated only where that is not done yet, since asking Airflow takes seconds.
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import closing, suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import psutil
import psycopg2

from contact_audit.errors import ContactAuditError
from contact_audit.local.environment import METADATA
from contact_audit.local.state import PROJECT, State, note_process, noted_process

POOL = "helpdesk_db"
POOL_SLOTS = 2
AIRFLOW = str(Path(sys.executable).parent / "airflow")
_READY_SECONDS = 240


def metadata_is_ready(state: State, environment: Mapping[str, str]) -> bool:
    """Whether prepare_metadata has been here, with this Airflow and this metadata database."""
    note = state.home / "metadata.json"
    now = _metadata_now(environment)
    return now is not None and note.exists() and bool(json.loads(note.read_text()) == now)


def prepare_metadata(state: State, environment: Mapping[str, str]) -> None:
    """Migrate Airflow's metadata, and create the pool for the helpdesk unless it is there."""
    log = state.logs / "metadata.log"
    run_logged([AIRFLOW, "db", "migrate"], environment, log, "Airflow's metadata cannot be migrated")
    if subprocess.run([AIRFLOW, "pools", "get", POOL], env=environment, capture_output=True, check=False).returncode:
        purpose = "Bounds concurrent extraction from the helpdesk database"
        command = [AIRFLOW, "pools", "set", POOL, str(POOL_SLOTS), purpose]
        run_logged(command, environment, log, f"the pool {POOL} cannot be created")
    (state.home / "metadata.json").write_text(json.dumps(_metadata_now(environment)))


def run_logged(command: list[str], environment: Mapping[str, str], log: Path, failure: str) -> None:
    """Run a command with its output appended to a file; a ContactAuditError with the output's end if it fails."""
    with log.open("a") as output:
        begin = output.tell()
        done = subprocess.run(
            command, env=environment, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
        )
    if done.returncode:
        raise ContactAuditError(f"{failure}; the end of {log}:\n{tail(log, begin)}")


def tail(log: Path, begin: int = 0, lines: int = 15) -> str:
    """The last lines of a file, of what comes after byte `begin`."""
    with log.open("rb") as file:
        file.seek(begin)
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])


def free_port(wanted: int) -> int:
    """That port, or the next one that nobody listens on."""
    for port in range(wanted, min(wanted + 100, 65_536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise ContactAuditError(f"no port from {wanted} on is free; choose another: PORT=9000 make up")


def standalone(state: State) -> psutil.Process | None:
    """Airflow standalone, if it runs."""
    return noted_process(state.home / "airflow.pid")


def start_standalone(state: State, environment: Mapping[str, str]) -> None:
    """Start Airflow standalone in the background and wait until its web server answers."""
    log = state.logs / "airflow.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [AIRFLOW, "standalone"],
            env=environment,
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    note_process(state.home / "airflow.pid", process.pid)
    deadline = time.monotonic() + _READY_SECONDS
    while not _healthy(environment["AIRFLOW__API__BASE_URL"]):
        if process.poll() is not None or time.monotonic() > deadline:
            stop_standalone(state)
            raise ContactAuditError(f"Airflow does not start; the end of {log}:\n{tail(log)}")
        time.sleep(0.5)


def stop_standalone(state: State) -> bool:
    """End Airflow standalone and all its processes; False if it was not running."""
    note = state.home / "airflow.pid"
    try:
        session = int(note.read_text().split()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return False
    leader = noted_process(note)
    family = {leader, *leader.children(recursive=True)} if leader else set()
    if leader or not psutil.pid_exists(session) or psutil.Process(session).status() == psutil.STATUS_ZOMBIE:
        family |= _session(session)
    family = {process for process in family if process.pid != os.getpid()}
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    for process in psutil.wait_procs(family, timeout=15)[1]:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    note.unlink(missing_ok=True)
    return bool(family)


def login(state: State) -> tuple[str, str] | None:
    """A user of the web server and the password, as Airflow's simple auth manager has generated it."""
    file = state.airflow / "simple_auth_manager_passwords.json.generated"
    if not file.exists():
        return None
    passwords: dict[str, str] = json.loads(file.read_text())
    return next(iter(passwords.items()), None)


def _session(leader: int) -> set[psutil.Process]:
    members = set()
    for process in psutil.process_iter(("status",)):
        with suppress(psutil.Error, OSError):
            if os.getsid(process.pid) == leader and process.info["status"] != psutil.STATUS_ZOMBIE:
                members.add(process)
    return members


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/api/v2/monitor/health", timeout=5) as response:  # noqa: S310
            health = json.load(response)
    except (urllib.error.URLError, OSError, ValueError):
        return False
    parts = ("metadatabase", "scheduler", "dag_processor")
    return all(health.get(part, {}).get("status") == "healthy" for part in parts)


def _metadata_now(environment: Mapping[str, str]) -> dict[str, str] | None:
    address = environment[METADATA].replace("postgresql+psycopg2://", "postgresql://", 1)
    if not address.startswith("postgresql://"):
        return None
    try:
        with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
            cursor.execute("select version_num from alembic_version")
            row = cursor.fetchone()
    except psycopg2.Error:
        return None
    if row is None:
        return None
    digest = sha256(address.encode()).hexdigest()  # the address may hold a password
    return {"airflow": version("apache-airflow"), "revision": str(row[0]), "database": digest}
