"""A real Roundup tracker, as a process of its own on a database of the embedded PostgreSQL."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

HERE = Path(__file__).parent
LOCK = HERE / "requirements.txt"


def install(environment: Path) -> None:
    """Make Roundup's virtual environment if it is missing, and bring it to what the lock says."""
    uv = str(Path(sys.executable).parent / "uv")
    given = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "VIRTUAL_ENV": str(environment)}
    if not (environment / "bin" / "python").exists():
        subprocess.run(
            [uv, "venv", "--quiet", "--clear", "--python", sys.executable, environment], env=given, check=True
        )
    subprocess.run([uv, "pip", "install", "--quiet", "--require-hashes", "-r", LOCK], env=given, check=True)


class Tracker:
    """A running tracker; each order is one commit through Roundup's own API, as the user of that login."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path) -> None:
        self._process = process
        self._log = log
        self._answer()

    def create(self, by: str, of: str = "user", **values: Any) -> str:
        """Make an item; its id."""
        return str(self._order({"do": "create", "by": by, "class": of, "values": values}))

    def set(self, by: str, item: str, of: str = "user", **values: Any) -> None:
        """Change properties of an item."""
        self._order({"do": "set", "by": by, "class": of, "id": item, "values": values})

    def do(self, what: str, by: str, item: str) -> None:
        """retire, restore or destroy a user."""
        self._order({"do": what, "by": by, "id": item})

    def _order(self, order: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._answer()["id"]

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the tracker ended: {self._log.read_text(encoding='utf-8')}")
        return json.loads(line)


@contextmanager
def tracker(environment: Path, home: Path, dsn: str) -> Iterator[Tracker]:
    """A new tracker in a folder, its data in the database of `dsn`, which it makes itself; ends with the block."""
    template = next(environment.glob("**/roundup/templates/classic"))
    url = urlsplit(dsn)
    database = {"name": url.path.lstrip("/"), "host": parse_qs(url.query)["host"][0], "user": url.username}
    command = [environment / "bin" / "python", HERE / "tracker.py", home, template, json.dumps(database)]
    log = home / "said.log"
    with log.open("w", encoding="utf-8") as said:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True, encoding="utf-8"
        )
    with process:
        try:
            yield Tracker(process, log)
        finally:
            assert process.stdin is not None
            process.stdin.close()  # no order more: it ends
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
