"""`changed` captures: the same number of changes among few and among many contacts must cost the same."""

from datetime import timedelta
from statistics import median

from bench import table
from bench.full import FIRST
from bench.worker import Answer, Worker
from bench.world import databases, fill, make_audit, make_helpdesk
from contact_audit.local.embedded import Server

_RUNS = 5


def run(server: Server, sizes: tuple[int, int], changes: int) -> None:
    """Whole runs of the sync, one a capture, at each size."""
    medians, rows = [], []
    for contacts in sizes:
        answers = _syncs(server, contacts, changes)
        seconds = [answer["seconds"] for answer in answers]
        medians.append(median(seconds))
        steps = " + ".join(f"{median(step):.2f}" for step in zip(*(answer["steps"] for answer in answers), strict=True))
        peak = max(answer["peak"] for answer in answers)
        rows += [
            (
                f"sync at {contacts:,} contacts",
                table.seconds(medians[-1]),
                f"peak {table.megabytes(peak)}, median of {_RUNS}",
            ),
            ("  due, extract, derive, load, finish", f"{steps} s", ""),
        ]
    few, many = sizes
    ratio = ("many / few contacts", table.times(medians[1] / medians[0]), f"{many / few:.0f} x the contacts; aim: 1 x")
    table.show(f"changed: {changes:,} changed contacts a capture", [ratio, *rows])


def _syncs(server: Server, contacts: int, changes: int) -> list[Answer]:
    with databases(server, "bench_changed", "bench_changed_audit") as (helpdesk, audit):
        table.say(f"changed: generating {contacts:,} contacts and their baseline")
        make_helpdesk(helpdesk)
        make_audit(audit)
        fill(helpdesk, "functions")
        fill(helpdesk, "first_capture", contacts=contacts, captured_at=FIRST)
        with Worker(helpdesk, audit) as worker:
            worker.ask("sync", own_end=FIRST.isoformat())
        answers = []
        table.say(f"changed: {_RUNS} runs of the sync")
        with Worker(helpdesk, audit) as worker:
            for number in range(2, _RUNS + 2):
                fill(helpdesk, "changed_capture", number=number, contacts=contacts, changes=changes)
                answers.append(worker.ask("sync", own_end=(FIRST + (number - 1) * timedelta(hours=3)).isoformat()))
        return answers
