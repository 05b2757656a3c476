"""The backfill of a whole history, chunks side by side, and its floor: the same rows by bare COPY into an identical table."""

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from queue import SimpleQueue
from typing import Any

import psycopg2

from bench import scheduled, table, tasks
from bench.worker import Answer, Worker, now
from bench.world import SQL_FOLDER, databases, execute, fill, make_audit, make_helpdesk, query
from contact_audit.local.embedded import Server
from contact_audit.runs.backfill import Request, finish_backfill, plan_chunks
from contact_audit.windows import HISTORY_START


@dataclass(frozen=True)
class Measured:
    """One size's figures.

    Attributes:
        entries, events, chunks: counts; recorded: events whose author the journal tells.
        seconds: first read to last commit; floor: the bare COPY.
        peak: of the largest process; cpu: of all of them together, without the database's.
        scheduled: the same by the DAG, under Airflow's scheduler, if it was asked for.
    """

    entries: int
    events: int
    recorded: int
    chunks: int
    seconds: float
    floor: float
    peak: int
    cpu: float
    scheduled: scheduled.Scheduled | None


def run(server: Server, contacts: int, sizes: Sequence[int], windows: int, parallel: int, under_airflow: bool) -> None:
    """Measure each size, smallest first; the largest by the DAG under Airflow's scheduler, too."""
    done = [
        _measure(server, contacts, entries, windows, parallel, under_airflow and entries == sizes[-1])
        for entries in sizes
    ]
    largest = done[-1]
    rows = [
        ("pipeline / floor", table.times(largest.seconds / largest.floor), "aim: 2 x or better"),
        ("peak memory", table.megabytes(largest.peak), "of the largest process; aim: under 1 GB"),
    ]
    if len(done) > 1:
        share = (largest.seconds / largest.events) / (done[0].seconds / done[0].events)
        rows.append(("seconds an event, large / small", table.times(share), "1 x: linear"))
    if largest.scheduled:
        own = largest.scheduled.seconds - largest.seconds
        rows.append(("Airflow's own share", table.seconds(own), "trigger to end, less the pipeline; aim: under 30 s"))
    for one in done:
        rows += [
            (f"{one.entries:,} entries", "", f"{one.events:,} events, {one.recorded / one.events:.1%} recorded"),
            (
                "  pipeline",
                table.seconds(one.seconds),
                f"{one.events / one.seconds:,.0f} events/s in {one.chunks} chunks",
            ),
            ("    of it processes' CPU", table.seconds(one.cpu), f"{parallel} side by side"),
            ("  floor: bare COPY", table.seconds(one.floor), f"{one.events / one.floor:,.0f} events/s, one process"),
            ("  pipeline / floor", table.times(one.seconds / one.floor), f"peak {table.megabytes(one.peak)}"),
        ]
        if one.scheduled:
            remark = f"trigger to end, {one.scheduled.tasks} tasks of {one.scheduled.task_seconds:.0f} s in all"
            rows.append(("  by the DAG", table.seconds(one.scheduled.seconds), remark))
    table.show(f"backfill: {contacts:,} contacts, {windows:,} windows, {parallel} chunks at a time", rows)


def _measure(server: Server, contacts: int, entries: int, windows: int, parallel: int, under_airflow: bool) -> Measured:
    names = ("bench_backfill", "bench_backfill_audit", "bench_backfill_floor", "bench_backfill_dag")
    with databases(server, *names) as (helpdesk, audit, floor, by_dag):
        table.say(f"backfill: generating {contacts:,} contacts, {entries:,} entries, {windows:,} captures")
        make_helpdesk(helpdesk)
        make_audit(audit)
        make_audit(floor)
        make_audit(by_dag)
        fill(helpdesk, "functions")
        fill(helpdesk, "first_capture", contacts=contacts, captured_at=HISTORY_START)
        fill(helpdesk, "history", contacts=contacts, entries=entries, windows=windows, start=HISTORY_START)
        table.say(f"backfill: loading, {parallel} chunks at a time")
        end = HISTORY_START + windows * timedelta(hours=3)
        params = {"from": HISTORY_START.isoformat(), "to": end.isoformat(), "max_parallel": parallel}
        chunks, report, seconds, answers = load(helpdesk, audit, params, parallel)
        table.say("backfill: the same rows by bare COPY")
        floor_seconds = _floor(audit, floor)
        dag_run = None
        if under_airflow:
            table.say("backfill: the same by the DAG, under Airflow's scheduler")
            dag_run = scheduled.run(server, helpdesk, by_dag, params)
            if (there := query(by_dag, "counted")) != (wanted := query(audit, "counted")):
                raise SystemExit(f"the DAG loaded {there} events, the chunks by themselves {wanted}")
        return Measured(
            entries=entries,
            events=report["events"],
            recorded=report["by_attribution"].get("recorded", 0),
            chunks=chunks,
            seconds=seconds,
            floor=floor_seconds,
            peak=max(answer["peak"] for answer in answers),
            cpu=sum(answer["cpu"] for answer in answers),
            scheduled=dag_run,
        )


def load(
    helpdesk: str, audit: str, params: dict[str, Any], parallel: int
) -> tuple[int, dict[str, Any], float, list[Answer]]:
    """Plan, chunks and finish as the DAG's tasks; (chunks, report, seconds, what each process used)."""
    request = Request.from_params(params, datetime.fromisoformat(params["to"]) + timedelta(hours=1))
    pipeline = tasks.pipeline(helpdesk, audit)
    with ExitStack() as stack, ThreadPoolExecutor(parallel) as threads:
        workers: SimpleQueue[Worker] = SimpleQueue()
        used: dict[int, Answer] = {}
        for _ in range(parallel):
            workers.put(stack.enter_context(Worker(helpdesk, audit)))

        def work(chunk: dict[str, Any]) -> Answer:
            worker = workers.get()
            try:
                answer = worker.ask("chunk", chunk=chunk, params=params, until=params["to"])
            finally:
                workers.put(worker)
            used[id(worker)] = {"peak": answer["peak"], "cpu": answer["cpu"] - worker.started["cpu"]}
            report = answer["report"]
            pace = report["events"] / (answer["ended"] - answer["begun"])
            table.say(f"backfill: {chunk['label']}: {report['events']:,} events, {pace:,.0f} events/s")
            return answer

        begun = now()
        chunks = plan_chunks(pipeline, request, 1024, "bench", lambda _: None)
        done = list(threads.map(work, chunks))
        report = finish_backfill(pipeline, request, [one["report"] for one in done], True, "bench")
        seconds = now() - begun
    return len(chunks), report.as_dict(), seconds, list(used.values())


def _floor(audit: str, floor: str) -> float:
    """Seconds that one COPY of all the log's rows takes, commit included."""
    execute(audit, "checkpoint")
    with tempfile.TemporaryFile("w+") as file:
        with closing(psycopg2.connect(audit)) as connection, connection.cursor() as cursor:
            cursor.copy_expert((SQL_FOLDER / "logged.sql").read_text(encoding="utf-8"), file)
        file.seek(0)
        with closing(psycopg2.connect(floor)) as connection:
            begun = now()
            with connection, connection.cursor() as cursor:
                cursor.copy_expert((SQL_FOLDER / "log_again.sql").read_text(encoding="utf-8"), file)
            return now() - begun
