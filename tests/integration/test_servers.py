"""Each process of a test run has a server of its own, and nothing but the process that made it ends it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from contact_audit.local.embedded import Server
from contact_audit.local.state import HOME_VARIABLE
from tests.support.runs import query

ROOT = Path(__file__).resolve().parents[2]
_EARLY = """
import os, pathlib

def test_early(postgres):
    pathlib.Path({note!r}).write_text(f"{{postgres.state.home}} {{os.environ['AUDIT_STATE_HOME']}}")
"""
_LATE = """
import os, pathlib, time
import psycopg2

def test_late(postgres, new_database):
    note, end = pathlib.Path({note!r}), time.monotonic() + 120
    while not note.exists() or not note.read_text():
        assert time.monotonic() < end, "the other worker has not begun"
        time.sleep(0.05)
    home, told = note.read_text().split()
    assert home == told != os.environ["AUDIT_STATE_HOME"] == str(postgres.state.home)
    while os.path.exists(home):
        assert time.monotonic() < end, "the other worker has not ended"
        time.sleep(0.05)
    psycopg2.connect(new_database()).close()
"""


def test_a_worker_that_ends_early_takes_its_own_server_along_and_no_other(tmp_path: Path) -> None:
    for name, text in (("early", _EARLY), ("late", _LATE)):
        (tmp_path / f"test_{name}.py").write_text(text.format(note=str(tmp_path / "note")))
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "-p", "no:cacheprovider"]
    command += ["-p", "tests.conftest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "2 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_that_is_ended_leaves_the_server_and_its_folder(
    request: pytest.FixtureRequest, postgres: Server
) -> None:
    from tests.conftest import pytest_unconfigure

    child = os.fork()
    if child == 0:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(60)
        except KeyboardInterrupt:  # what SIGTERM is here: on its way out, pytest gives back all that it has
            pytest_unconfigure(request.config)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert Path(os.environ[HOME_VARIABLE]) == postgres.state.home
    assert postgres.state.home.is_dir()
    assert query(postgres.dsn("postgres"), "select 1 as one") == [{"one": 1}]
