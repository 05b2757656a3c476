"""`python -m bench`: which measurement, and how big.

Everything happens on a PostgreSQL of its own in a temporary folder, with durable commits, and is removed at the end.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench import backfill, changed, full, live, reading, verify
from bench.peers import run as peers
from bench.table import say
from bench.world import own_server
from contact_audit.local.state import State
from contact_audit.windows import HISTORY_START, floor_border


def main(arguments: Sequence[str]) -> None:
    options = _parse(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # and remove everything, too
    with own_server(options.folder) as server:
        if options.what in ("full", "all"):
            full.run(server, options.contacts, options.changed_share)
        if options.what in ("changed", "all"):
            changed.run(server, (options.contacts // 10, options.contacts), options.changes)
        if options.what in ("live", "all"):
            live.run(server, options.contacts)
        if options.what in ("backfill", "all"):
            sizes = [options.entries] if options.only else [options.entries // 10, options.entries]
            under_airflow = not options.without_airflow
            backfill.run(server, options.backfill_contacts, sizes, _windows(), options.parallel, under_airflow)
        if options.what in ("reading", "all"):
            reading.run(server, options.events, _windows(), options.plans, not options.without_airflow)
        if options.what == "verify":
            verify.run(server, options.backfill_contacts, options.entries, _windows(), options.parallel)
        environment = State.from_environment(os.environ).home / "peers"
        if options.what == "peers" and not peers.run(
            server, options.contacts, options.changed_share, options.rounds, environment
        ):
            sys.exit("an aim is missed")
    say("removed all that was generated")


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "what",
        nargs="?",
        default="all",
        choices=("full", "changed", "live", "backfill", "reading", "verify", "peers", "all"),
    )
    parser.add_argument(
        "--contacts", type=int, default=1_000_000, help="of `full`, `live` and, with a tenth, of `changed`"
    )
    parser.add_argument(
        "--changed-share", type=float, default=0.013, help="of `full`: the share of contacts that differ"
    )
    parser.add_argument("--changes", type=int, default=1_300, help="of `changed`: how many contacts each capture holds")
    parser.add_argument("--backfill-contacts", type=int, default=100_000)
    parser.add_argument(
        "--entries", type=int, default=2_000_000, help="of `backfill`, where a tenth is measured, too, and of `verify`"
    )
    parser.add_argument("--only", action="store_true", help="of `backfill`: not the tenth")
    parser.add_argument("--parallel", type=int, default=2, help="of `backfill` and `verify`: chunks at a time")
    parser.add_argument(
        "--without-airflow", action="store_true", help="of `backfill`: not by its DAG; of `reading`: not the page"
    )
    parser.add_argument("--events", type=int, default=20_000_000, help="of `reading`: how many the log holds")
    parser.add_argument("--plans", type=Path, default=None, help="of `reading`: a file for every plan, as JSON")
    parser.add_argument("--rounds", type=int, default=5, help="of `peers`: how often each is measured, in turn")
    parser.add_argument("--folder", default=None, help="where the temporary folder is made")
    return parser.parse_args(arguments)


def _windows() -> int:
    return (floor_border(datetime.now(UTC)) - HISTORY_START) // timedelta(hours=3)


if __name__ == "__main__":
    main(sys.argv[1:])
