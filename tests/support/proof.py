"""How many worlds the properties are tried on, which ones, and what has been compared.

`PROVE_WORLDS` sets the number (200 without it), `PROVE_SHARD` chooses other worlds than the usual ones, so that
processes may share the work (`make prove`); each leaves its counts in the file that `PROVE_COUNTS` names.
"""

from __future__ import annotations

import atexit
import json
import os
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, settings

WORLDS = int(os.environ.get("PROVE_WORLDS", "200"))
_SHARD = os.environ.get("PROVE_SHARD")

any_world = settings(
    max_examples=WORLDS,
    deadline=None,
    database=None,
    derandomize=_SHARD is None,  # a shard's seed is given to pytest
    suppress_health_check=list(HealthCheck),
)
some_worlds = settings(any_world, max_examples=max(1, WORLDS // 10))

counts: Counter[str] = Counter()
"""What was compared: worlds and events, by property."""


def compared(what: str, *, events: int, verdicts: Counter[str] | None = None) -> None:
    """Count one world and its events, and how many of their claims are right."""
    counts.update(verdicts or {})
    counts[f"{what}: worlds"] += 1
    counts[f"{what}: events"] += events


def _leave_counts() -> None:
    if "PROVE_COUNTS" in os.environ:
        Path(os.environ["PROVE_COUNTS"]).write_text(json.dumps(counts), encoding="utf-8")


atexit.register(_leave_counts)
