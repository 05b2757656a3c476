"""A fresh process that does pipeline work: `python -m bench.tasks` reads one JSON request a line and answers with one.

So that time and memory are those of a task's own process, imports included in the memory and not in the time.
"""

import json
import os
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Self

Answer = dict[str, Any]


class Worker:
    """The process, as its parent sees it: requests go in, answers come out."""

    def __init__(self, helpdesk_dsn: str, audit_dsn: str) -> None:
        root = Path(__file__).resolve().parents[1]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(root / "plugins"), str(root)))}
        command = [sys.executable, "-m", "bench.tasks", helpdesk_dsn, audit_dsn]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=root
        )
        self.started = self._answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _pipe(self._process.stdin).close()
        self._process.wait(60)

    def ask(self, do: str, **values: Any) -> Answer:
        """Have it do something; the answer holds `peak` (bytes) and `cpu` (seconds), besides what was asked for."""
        pipe = _pipe(self._process.stdin)
        pipe.write(json.dumps({"do": do, "values": values}) + "\n")
        pipe.flush()
        return {**self._answer(), "started": self.started}

    def _answer(self) -> Answer:
        line = _pipe(self._process.stdout).readline()
        if not line:
            raise SystemExit(f"the measured process ended with status {self._process.wait(60)}")
        answer: Answer = json.loads(line)
        return answer


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def peak_memory() -> int:
    """This process's greatest resident memory, bytes: of its own, not inherited from the process that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def now() -> float:
    """A clock that processes share."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def moment(text: str) -> datetime:
    """A UTC moment of ISO text."""
    return datetime.fromisoformat(text).astimezone(UTC)
