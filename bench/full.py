"""Two full captures: the pipeline beside the database's bare join of the two."""

from datetime import UTC, datetime, timedelta
from statistics import median

from bench import table
from bench.worker import Worker, now
from bench.world import databases, execute, fill, make_audit, make_helpdesk, query
from contact_audit.local.embedded import Server
from contact_audit.sources.helpdesk import HelpdeskSource

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
_LENGTH = timedelta(hours=3)


def run(server: Server, contacts: int, share: float) -> None:
    """Generate, load the first capture's window, then measure that of the second."""
    step = round(1 / share)
    with databases(server, "bench_full", "bench_full_audit") as (helpdesk, audit):
        table.say(f"full: generating {contacts:,} contacts, two full captures")
        make_helpdesk(helpdesk)
        make_audit(audit)
        fill(helpdesk, "functions")
        fill(helpdesk, "first_capture", contacts=contacts, captured_at=FIRST)
        table.say("full: loading the first capture's window (the baseline, which fills audit.contacts)")
        with Worker(helpdesk, audit) as worker:
            baseline = worker.ask("span", start=(FIRST - _LENGTH).isoformat(), end=FIRST.isoformat())
        execute(audit, "vacuum analyze")  # as autovacuum does within the three hours
        fill(helpdesk, "second_capture", contacts=contacts, step=step)
        joins = [_join(helpdesk) for _ in range(4)][1:]
        table.say("full: loading the second capture's window")
        begun = now()
        with Worker(helpdesk, audit) as worker:
            done = worker.ask("span", start=FIRST.isoformat(), end=(FIRST + _LENGTH).isoformat())
        whole = now() - begun
        joins += [_join(helpdesk) for _ in range(2)]
        look = median(_look_again(helpdesk) for _ in range(3))
    join = median(joins)
    extract, derive, load = done["steps"]
    table.show(
        f"full: {contacts:,} contacts, {1 / step:.1%} changed, {done['events']:,} events ({_told(done['by'])})",
        [
            ("pipeline / bare join", table.times(done["seconds"] / join), "aim: 2 x or better"),
            (
                "peak memory",
                table.megabytes(done["peak"]),
                "aim: 300 MB or better; the whole process, imports included",
            ),
            ("pipeline, first read to commit", table.seconds(done["seconds"]), ""),
            ("  extract, derive, load", f"{extract:.2f} + {derive:.2f} + {load:.2f} s", ""),
            ("  of it this process's CPU", table.seconds(done["cpu"] - done["started"]["cpu"]), ""),
            ("the process, imports included", table.seconds(whole), ""),
            ("bare join in the database", table.seconds(join), f"median of {len(joins)}, warm"),
            (
                "both captures looked at again",
                table.seconds(look),
                f"{table.times(look / join)} the bare join, in each sync within 6 hours; aim: 0.5 x or better",
            ),
            ("before: the baseline", table.seconds(baseline["seconds"]), f"peak {table.megabytes(baseline['peak'])}"),
        ],
    )


def _join(dsn: str) -> float:
    begun = now()
    query(dsn, "bare_join")
    return now() - begun


def _look_again(dsn: str) -> float:
    """What each sync does with the newest captures: it counts their rows, and digests them."""
    with HelpdeskSource(dsn, 600).session() as session:
        ids = session.captures()["snapshot_id"].to_numpy()
        begun = now()
        session.contents(ids, ids)
        return now() - begun


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items(), key=lambda item: -item[1]))
