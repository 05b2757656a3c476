"""Reading a log of years: what the page asks of the database, the page itself with readers at once, an export of a million."""

import json
import random
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from bench import reading_page, table
from bench.reading_cases import BUSIEST, Answer, cases, measure, measure_sql, reports, until_of
from bench.worker import Worker, now
from bench.world import SQL_FOLDER, databases, execute, make_audit
from contact_audit.local.embedded import Server
from contact_audit.windows import HISTORY_START

READERS = 8
_SLICES = 16
_SYNCS = 160
_EXPORTS = ("csv", "parquet", "ocsf", "ecs")


def run(server: Server, events: int, windows: int, plans: Path | None, under_airflow: bool) -> None:
    """Generate a log, and measure all of it; SystemExit where a plan reads a partition of the log from end to end."""
    contacts = max(events // 80, 2)
    with _log(server, events, contacts, windows) as audit:
        answers = _questions(audit, events, contacts)
        if plans is not None:
            told = {answer.name: answer.plans for answer in answers}
            plans.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        if under_airflow:
            _page(server, audit, contacts)
        _export(audit, events)
    if scanned := [f"{answer.name}: {', '.join(answer.scans)}" for answer in answers if answer.scans]:
        raise SystemExit("\n".join(["the log was scanned:", *scanned]))


@contextmanager
def _log(server: Server, events: int, contacts: int, windows: int) -> Iterator[str]:
    """An audit database with so many events."""
    with databases(server, "bench_reading") as (audit,):
        make_audit(audit)
        table.say(f"reading: generating {events:,} events of {contacts:,} contacts in {windows:,} windows")
        values = {"events": events, "contacts": contacts, "windows": windows, "start": HISTORY_START}

        def fill(name: str, first: int = 0, last: int = 0) -> None:
            text = (SQL_FOLDER / f"{name}.sql").read_text(encoding="utf-8")
            execute(audit, text, values | {"first": first, "last": last})

        fill("log_contacts")
        # as a backfill and then syncs have loaded it: large pieces, then a window at a time
        newest = min(_SYNCS, windows // 2)
        borders = [(windows - newest) * number // _SLICES for number in range(_SLICES + 1)]
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda number: fill("log", borders[number] + 1, borders[number + 1]), range(_SLICES)))
        for window in range(windows - newest + 1, windows + 1):
            fill("log", window, window)
        execute(audit, "vacuum analyze")
        begun = now()
        execute(audit, "select audit.count_days()")
        table.say(f"reading: counting all days anew took {now() - begun:.0f} s")
        execute(audit, "vacuum analyze audit.daily_counts")
        execute(audit, "checkpoint")
        yield audit


def _questions(audit: str, events: int, contacts: int) -> list[Answer]:
    table.say("reading: the questions of the page")
    until = until_of(audit)
    of_page = list(measure(audit, cases(contacts, until)))
    of_tools = list(measure_sql(audit, reports(audit)))
    for title, answers in (("the page's questions", of_page), ("docs/reporting.md, and more of a tool's", of_tools)):
        rows = []
        for answer in answers:
            aim = "" if answer.aim is None else f"aim: {answer.aim:g} ms; "
            rows.append((answer.name, f"{answer.middle:.1f} ms", f"{aim}p95 {answer.p95:.1f} ms"))
        table.show(f"reading: {events:,} events of {contacts:,} contacts, in the database: {title}", rows)
    answers = [*of_page, *of_tools]
    table.show("how the log is read", [(one.name, "", "; ".join(one.nodes) or "not at all") for one in answers])
    return answers


def _page(server: Server, audit: str, contacts: int) -> None:
    table.say(f"reading: the page, {READERS} readers")
    rows = []
    at = "/contact-activity"

    def contact(luck: random.Random) -> str:
        return f"{at}/contacts/{luck.randint(2, contacts)}"

    def contact_as_json(luck: random.Random) -> str:
        return f"{at}/api/events?contact_id={luck.randint(2, contacts)}"

    # what, readers, seconds between two pages of a reader, pages of each
    of_contacts: list[tuple[str, int, float, int, reading_page.Path]] = [
        ("a contact, one reader", 1, 0, 100, contact),
        (f"a contact, {READERS} readers without a pause", READERS, 0, 60, contact),
        (f"a contact, {READERS} readers who read for a second", READERS, 1.0, 40, contact),
    ]
    others: list[tuple[str, int, float, int, reading_page.Path]] = [
        ("a contact as JSON, without a pause", READERS, 0, 60, contact_as_json),
        ("the busiest contact, one reader", 1, 0, 20, lambda _: f"{at}/contacts/{BUSIEST}"),
        ("all activity, one reader", 1, 0, 20, lambda _: f"{at}/events"),
        ("the overview, one reader", 1, 0, 20, lambda _: f"{at}/"),
    ]
    for workers, asked in ((1, [*of_contacts, *others]), (2, of_contacts)):
        with reading_page.site(server, audit, workers) as url:
            bearer = reading_page.token(server, url)
            for name, readers, think, pages, path in asked:
                done = reading_page.read(url, bearer, path, readers, pages, think)
                remark = f"p95 {done.p95:.0f} ms, {done.a_second:.0f} a second, {done.size / 1000:,.0f} kB"
                rows.append((f"{name}; {workers} process{'es' * (workers > 1)}", f"{done.middle:.0f} ms", remark))
    table.show("reading: the page, from request to last byte (processes of the web server: [api] workers)", rows)


def _export(audit: str, events: int) -> None:
    """A tenth of a million events, then a million: what memory it takes must not grow."""
    most = min(1_000_000, events)
    rows = []
    for name in _EXPORTS:
        table.say(f"reading: an export of {most:,} events as {name}")
        with tempfile.TemporaryDirectory() as folder:
            small, large = (_exported(audit, name, count, folder) for count in (most // 10, most))
        growth = large["peak"] / small["peak"]
        rows.append(
            (
                name,
                f"{large['events'] / large['seconds']:,.0f} a second",
                f"{large['seconds']:.0f} s, {large['bytes'] / 1e6:,.0f} MB; peak {large['peak'] / 1e6:,.0f} MB, "
                f"{growth:.2f} x that of a tenth",
            )
        )
    table.show(f"reading: exports of {most:,} events", rows)


def _exported(audit: str, name: str, count: int, folder: str) -> dict[str, float]:
    with Worker(audit, audit) as worker:
        return worker.ask("export", format=name, events=count, folder=folder)
