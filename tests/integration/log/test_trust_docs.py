"""The stranger's program of docs/trust.md: it imports nothing of the package, and agrees with the log."""

import re
import subprocess
import sys
from pathlib import Path

from tests.support.tampering import a_merge, an_event, as_owner

DOCS = Path(__file__).parents[3] / "docs" / "trust.md"


def program() -> str:
    """The one Python block of the page."""
    (found,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    return str(found)


def run(folder: Path, dsn: str) -> "subprocess.CompletedProcess[str]":
    path = folder / "stranger.py"
    path.write_text(program(), encoding="utf-8")
    return subprocess.run([sys.executable, str(path), dsn], capture_output=True, text=True, check=False)


def test_the_strangers_program_is_short_and_needs_nothing_of_the_project() -> None:
    assert len([line for line in program().splitlines() if line.strip()]) <= 60
    assert "contact_audit." not in program()


def test_it_agrees_on_an_untouched_log_and_finds_a_touched_one(log: str, tmp_path: Path) -> None:
    done = run(tmp_path, log)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    event = an_event(log)
    as_owner(log, "update audit.contact_audit_log set channel = 'x' where event_id = %s", [event["event_id"]])
    touched = run(tmp_path, log)
    assert touched.returncode == 1
    assert len(touched.stdout.splitlines()) == 1


def test_it_agrees_on_a_merge_in_anothers_name_and_finds_a_touched_one(log: str, tmp_path: Path) -> None:
    merge = a_merge(log)
    assert run(tmp_path, log).returncode == 0
    as_owner(log, "update audit.contact_audit_log set merged_into = '10' where event_id = %s", [merge["event_id"]])
    assert run(tmp_path, log).returncode == 1
