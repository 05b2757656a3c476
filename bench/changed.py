"""`changed` captures: the same number of changes among few and among many contacts must cost the same."""

from contextlib import ExitStack
from datetime import timedelta
from statistics import median

from bench import table
from bench.full import FIRST
from bench.worker import Answer, Worker
from bench.world import databases, fill, make_audit, make_helpdesk
from contact_audit.local.embedded import Server

_RUNS = 5


def run(server: Server, sizes: tuple[int, int], changes: int) -> None:
    """Whole runs of the sync, one a capture, at both sizes in turn, so that a busy machine is as slow for either."""
    names = [(f"bench_changed_{number}", f"bench_changed_{number}_audit") for number in range(len(sizes))]
    answers: list[list[Answer]] = [[] for _ in sizes]
    with databases(server, *(name for pair in names for name in pair)) as dsns, ExitStack() as stack:
        pairs = list(zip(dsns[::2], dsns[1::2], strict=True))
        for contacts, (helpdesk, audit) in zip(sizes, pairs, strict=True):
            _make(helpdesk, audit, contacts)
        table.say(f"changed: {_RUNS} runs of the sync at each size")
        workers = [stack.enter_context(Worker(helpdesk, audit)) for helpdesk, audit in pairs]
        for number in range(2, _RUNS + 2):
            own_end = FIRST + (number - 1) * timedelta(hours=3)
            for contacts, (helpdesk, _), worker, some in zip(sizes, pairs, workers, answers, strict=True):
                fill(helpdesk, "changed_capture", number=number, contacts=contacts, changes=changes)
                some.append(worker.ask("sync", own_end=own_end.isoformat()))
    few, many = ([answer["seconds"] for answer in some] for some in answers)
    ratio = median(there / here for here, there in zip(few, many, strict=True))
    rows = [("many / few contacts", table.times(ratio), f"{sizes[1] / sizes[0]:.0f} x the contacts; aim: 1 x")]
    for contacts, some in zip(sizes, answers, strict=True):
        steps = " + ".join(f"{median(step):.2f}" for step in zip(*(answer["steps"] for answer in some), strict=True))
        peak = table.megabytes(max(answer["peak"] for answer in some))
        rows += [
            (
                f"sync at {contacts:,} contacts",
                table.seconds(median(answer["seconds"] for answer in some)),
                f"median of {_RUNS}, peak {peak}",
            ),
            ("  due, extract, derive, load, finish", f"{steps} s", ""),
        ]
    table.show(f"changed: {changes:,} changed contacts a capture", rows)


def _make(helpdesk: str, audit: str, contacts: int) -> None:
    table.say(f"changed: generating {contacts:,} contacts and loading their baseline")
    make_helpdesk(helpdesk)
    make_audit(audit)
    fill(helpdesk, "functions")
    fill(helpdesk, "first_capture", contacts=contacts, captured_at=FIRST)
    with Worker(helpdesk, audit) as worker:
        worker.ask("sync", own_end=FIRST.isoformat())
