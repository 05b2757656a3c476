"""`python -m tests.prove`: the properties on many worlds, shared by the machine's cores; prints what docs/proof.md holds.

Each process takes worlds of its own (its shard is the seed), so more processes mean the same number of other worlds.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

PROPERTIES = ["tests/unit/attribution/test_truth.py", "tests/unit/attribution/test_properties.py"]


def main() -> int:
    """Run all shards side by side; returns the number of those that failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__)
    parser.add_argument("--worlds", type=int, default=10_000, help="for each property")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=1, help="of the first process; the next one has the next")
    options = parser.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        shards = [
            _shard(options.seed + number, -(-options.worlds // options.processes), Path(folder) / f"{number}.json")
            for number in range(options.processes)
        ]
        failed = sum(shard.wait() != 0 for shard in shards)
        counts: Counter[str] = Counter()
        for left in Path(folder).glob("*.json"):
            counts.update(json.loads(left.read_text(encoding="utf-8")))
    seconds = time.monotonic() - begin
    print(f"{datetime.now(UTC):%Y-%m-%d}, {options.processes} processes, seed {options.seed}, {seconds:,.0f} s:")
    for name in sorted({key.rpartition(": ")[0] for key in counts}):
        figures = {
            key.rpartition(": ")[2]: count for key, count in sorted(counts.items()) if key.startswith(f"{name}: ")
        }
        print(f"  {name}: " + ", ".join(f"{count:,} {what}" for what, count in reversed(figures.items())))
    print("FAILED" if failed else "all hold")
    return failed


def _shard(seed: int, worlds: int, counts: Path) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ,
        "PROVE_WORLDS": str(worlds),
        "PROVE_SHARD": str(seed),
        "PROVE_COUNTS": str(counts),
    }
    pytest = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--timeout=0",
        f"--hypothesis-seed={seed}",
    ]
    return subprocess.Popen([*pytest, *PROPERTIES], env=environment)


if __name__ == "__main__":
    sys.exit(main())
