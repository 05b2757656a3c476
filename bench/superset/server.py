"""Superset itself: installed into an environment of its own, and a server of it for as long as it is needed.

Its settings are Superset's own defaults. All it writes is in the folder that is given, which is its home, too.
"""

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.table import say
from contact_audit.errors import ContactAuditError
from contact_audit.local.processes import run_logged, tail

LOCK = Path(__file__).with_name("requirements.txt")
_READY_SECONDS = 240
_APP = "superset.app:create_app()"


@dataclass(frozen=True)
class Site:
    """A Superset that runs.

    Attributes:
        url: its address, on this machine only.
        log: what it prints.
        user: an administrator.
        password: a random one.
    """

    url: str
    log: Path
    user: str = "admin"
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24))


def install(environment: Path) -> None:
    """Make the virtual environment if it is missing, and bring it to what the lock says."""
    if sys.version_info >= (3, 13):
        raise ContactAuditError(
            f"Superset's libraries have no wheels for Python {sys.version_info[0]}.{sys.version_info[1]}: "
            "make .venv with 3.11 or 3.12 (make clean, then make superset PYTHON=python3.12)."
        )
    uv = str(Path(sys.executable).parent / "uv")
    given = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "VIRTUAL_ENV": str(environment)}
    if not (environment / "bin" / "python").exists():
        subprocess.run(
            [uv, "venv", "--quiet", "--clear", "--python", sys.executable, environment], env=given, check=True
        )
    say(f"installing Superset's lock into {environment.name}/ of the state folder")
    subprocess.run([uv, "pip", "sync", "--quiet", "--require-hashes", LOCK], env=given, check=True)


@contextmanager
def running(environment: Path, home: Path) -> Iterator[Site]:
    """A new Superset, with its metadata in SQLite in `home`, on a free port of 127.0.0.1; ended afterwards."""
    programs, log, port = environment / "bin", home / "superset.log", _free_port()
    variables = _variables(programs, home)
    site = Site(f"http://127.0.0.1:{port}", log)
    say("preparing Superset's metadata, a minute or two")
    names = ("--username", site.user, "--firstname", "Contact", "--lastname", "Audit", "--email", "admin@example.com")
    for step in (["db", "upgrade"], ["fab", "create-admin", *names, "--password", site.password], ["init"]):
        run_logged([str(programs / "superset"), *step], variables, log, f"superset {' '.join(step[:2])} fails")
    say("starting Superset")
    # One process, which keeps what it needs in memory; no socket for control in somebody's home.
    options = (
        "--workers",
        "1",
        "--worker-class",
        "gthread",
        "--threads",
        "8",
        "--timeout",
        "120",
        "--no-control-socket",
    )
    command = [str(programs / "gunicorn"), "--bind", f"127.0.0.1:{port}", *options, _APP]
    with log.open("a") as output:
        process = subprocess.Popen(
            command, env=variables, cwd=home, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        _wait(site, process)
        yield site
    finally:
        _end(process)


def _variables(programs: Path, home: Path) -> Mapping[str, str]:
    # Not the caller's: nothing of Airflow's or of another Superset's settings gets in.
    return {
        "PATH": os.pathsep.join((str(programs), os.environ.get("PATH", os.defpath))),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "HOME": str(home),
        "SUPERSET_HOME": str(home),
        "SUPERSET_SECRET_KEY": secrets.token_urlsafe(48),
        "FLASK_APP": _APP,
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(site: Site, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(f"{site.url}/health", timeout=5):
            return
        time.sleep(0.5)
    raise ContactAuditError(f"Superset does not start; its log ends:\n{tail(site.log)}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    family = []
    with suppress(psutil.NoSuchProcess):
        leader = psutil.Process(process.pid)
        family = [leader, *leader.children(recursive=True)]
    if process.poll() is None:
        process.terminate()
    for left in psutil.wait_procs(family, timeout=20)[1]:
        with suppress(psutil.NoSuchProcess):
            left.kill()
    process.wait()
