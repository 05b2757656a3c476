"""A capture that dies half-way is none: killed at random moments, the store ends as if nobody had killed anything."""

import multiprocessing
import random
import signal
from collections.abc import Callable
from typing import Any

import pytest

from contact_audit.runs.pipeline import Pipeline
from contact_audit.sources.capture import take
from contact_audit.sources.store import LiveSource
from tests.support.runs import new_pipeline, query, sync
from tests.support.tiny import register
from tests.support.tiny.world import events, last_border

Do = Callable[..., list[dict[str, Any]]]
KILLS, STEPS = 30, 10
STORED = {
    "contact_snapshots": "contact_id, name, email, primary_phone, custom_fields, deleted",
    "journal_rows": "entry_id, contact_id, occurred_at, raw",
    "contact_journal": "entry_id, contact_id, occurred_at, action, author_id, changes",
}


def capture_in_a_process(tiny_dsn: str, audit_dsn: str) -> None:
    """Take a capture, as a task's process does."""
    register()
    source = new_pipeline(tiny_dsn, audit_dsn, source="tiny")
    assert isinstance(source.source, LiveSource)
    take(source.source, source.settings)


def stored(dsn: str) -> dict[str, list[dict[str, Any]]]:
    """What the store holds, its captures counted by those that brought something."""
    found = {}
    for table, columns in STORED.items():
        seen = "snapshot_id" if table == "contact_snapshots" else "seen_snapshot_id"
        found[table] = query(
            dsn,
            f"select {columns}, dense_rank() over (order by (select count(*) from captures.snapshots as s "
            f"where s.snapshot_id <= t.{seen} and s.rows_written + s.entries > 0))::int as place "
            f"from captures.{table} as t order by place, 1, 2",
        )
    return found


def step(do: Do, number: int) -> None:
    """Something happens to a tenth of the contacts, and the journal tells."""
    do("update person set name = name || %s where id %% 10 = %s", (f" {number}", number))
    do(
        "insert into log (id, person, at, author, items) select %s + id, id, make_timestamptz(2026, 1, %s, 0, 0, 0, 'UTC'), '9', "
        """'[{"field": "name"}]' from person where id %% 10 = %s""",
        (number * 10_000, number + 1, number),
    )
    do("delete from person where id = %s", (1_000 + number,))


@pytest.mark.heavy(minutes=5)
def test_thirty_kills_at_random_moments_leave_what_no_kill_leaves(
    pipeline: Pipeline, tiny_dsn: str, do: Do, new_database: Callable[..., str], _audit_template: str
) -> None:
    undisturbed = new_pipeline(tiny_dsn, new_database(_audit_template), source="tiny")
    do("insert into person (id, name) select n, 'Contact ' || n from generate_series(1, 2000) as n")
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["contact_audit.runs.pipeline", "contact_audit.sources.capture", __name__])
    rng, died = random.Random(7), 0
    for number in range(STEPS):
        step(do, number)
        sync(undisturbed, last_border())
        for _ in range(KILLS // STEPS):
            process = processes.Process(target=capture_in_a_process, args=(tiny_dsn, pipeline.audit_dsn))
            process.start()
            process.join(rng.uniform(0.02, 0.6))
            process.kill()
            process.join()
            died += process.exitcode == -signal.SIGKILL
        sync(pipeline, last_border())
    assert died > KILLS // 3
    assert stored(pipeline.audit_dsn) == stored(undisturbed.audit_dsn)
    assert [_told(one) for one in events(pipeline)] == [_told(one) for one in events(undisturbed)]
    assert len(events(pipeline)) > STEPS * 100


def _told(event: dict[str, Any]) -> tuple[Any, ...]:
    return (event["contact_id"], event["action"], event["attribution"], event["author_id"], str(event["changes"]))
