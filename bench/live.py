"""A capture of a live source: what it costs where one contact in a hundred has changed, and where none has.

Each is taken by a process of its own: `python -m bench.live <helpdesk> <audit database>` takes one and says what it cost.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Literal

import pandas as pd

from bench import table
from bench.worker import now, peak_memory
from bench.world import SQL_FOLDER, databases, fill, make_audit
from contact_audit.local.embedded import Server
from contact_audit.settings import Settings
from contact_audit.sources.capture import take
from contact_audit.sources.store import LiveSource

_RUNS = 3
_FOLDER = SQL_FOLDER / "live"


@dataclass(frozen=True)
class Plain:
    """An adapter of two plain tables."""

    name: str = "plain"
    version: int = 1
    empty_is_null: bool = True
    entry_ids: Literal["source", "derived"] = "source"
    requires: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"person": ("id",), "log": ("id",)})

    def rows(self, raw: pd.DataFrame) -> pd.DataFrame:
        """One row each."""
        told = pd.DataFrame(raw["raw"].tolist(), index=raw.index, columns=["author", "items"])
        return raw[["entry_id", "contact_id", "occurred_at"]].assign(
            account_id=0, action="update", author_type="agent", author_id=told["author"], author_name=None,
            ip_address=None, channel=None, on_behalf_of=None, items=told["items"],
        )  # fmt: skip


def run(server: Server, contacts: int) -> None:
    """The first capture, then some with a hundredth changed, then one of the same evidence again."""
    with databases(server, "bench_live", "bench_live_audit") as (helpdesk, audit):
        table.say(f"live: generating {contacts:,} contacts")
        fill(helpdesk, "live/tables", contacts=contacts)
        make_audit(audit)
        first = _captured(helpdesk, audit)
        changed = []
        for number in range(1, _RUNS + 1):
            fill(helpdesk, "live/changes", number=number, one_of=100)
            changed.append(_captured(helpdesk, audit))
        again = _captured(helpdesk, audit)
        bare = median(_bare(helpdesk, audit) for _ in range(_RUNS))
    cost = median(one["seconds"] for one in changed)
    table.show(
        f"live: captures of {contacts:,} contacts",
        [
            (
                "1 % changed",
                table.seconds(cost),
                f"median of {_RUNS}, peak {_peak(changed)}; aim: 3 s and 300 MB a million",
            ),
            ("same evidence again", table.seconds(again["seconds"]), f"peak {_peak([again])}"),
            ("the first capture", table.seconds(first["seconds"]), f"peak {_peak([first])}"),
            (
                "the floor: the source's own digests alone",
                table.seconds(bare),
                f"1 % changed is {cost / bare:.1f} x that",
            ),
            *((f"  {part}", table.seconds(seconds), f"{seconds / cost:.0%}") for part, seconds in _parts(changed)),
        ],
    )


def _captured(helpdesk: str, audit: str) -> dict[str, Any]:
    root = Path(__file__).resolve().parents[1]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(root / "plugins"), str(root)))}
    command = [sys.executable, "-m", "bench.live", helpdesk, audit]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=root, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _bare(helpdesk: str, audit: str) -> float:
    """What the source's query of digests takes by itself, its rows read and thrown away: the least that a capture can cost."""
    begun = now()
    with _source(helpdesk, audit).reads() as reads, reads.fingerprints() as batches:
        for _ in batches:
            pass
    return now() - begun


def _source(helpdesk: str, audit: str) -> LiveSource:
    return LiveSource(Plain(), helpdesk, Settings().statement_timeout_seconds, audit, _FOLDER)


def _parts(answers: list[dict[str, Any]]) -> list[tuple[str, float]]:
    """The parts of the capture, each by its median; what is left is connecting, the store's own questions, and the commit."""
    parts = {part: median(one["parts"].get(part, 0.0) for one in answers) for part in answers[0]["parts"]}
    left = median(one["seconds"] - sum(one["parts"].values()) for one in answers)
    return [*parts.items(), ("the rest, the commit", left)]


def _peak(answers: list[dict[str, Any]]) -> str:
    return table.megabytes(max(answer["peak"] for answer in answers))


if __name__ == "__main__":
    source = _source(*sys.argv[1:])
    before = now()
    taken = take(source, Settings())
    print(json.dumps({"seconds": now() - before, "peak": peak_memory(), "parts": dict(taken.seconds)}))
