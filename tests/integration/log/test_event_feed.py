"""audit.event_feed: a copy that asks for what is after its last position equals the log, whatever happens to the log."""

import random
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from contact_audit.log import migrations
from contact_audit.windows import HISTORY_START
from tests.conftest import NewDatabase
from tests.support.runs import backfill, new_pipeline, query, sync
from tests.support.worlds import random_world, write_world

LAST = HISTORY_START + timedelta(hours=33)
SPAN = {"from_": HISTORY_START.isoformat(), "to": LAST.isoformat()}
NOT_OF_THE_LOG = ("position", "kind", "reason")


class Copy:
    """A copy of the log elsewhere, which knows nothing but the feed."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.position = 0
        self.rows: dict[tuple[str, datetime], dict[str, Any]] = {}

    def pull(self, most: int | None = None) -> int:
        """Apply what is new, at most so many positions; how many rows it was."""
        news = query(
            self.dsn,
            """
            select * from audit.event_feed
            where position > %(after)s and (%(most)s is null or position <= %(after)s + %(most)s)
            order by position, kind desc
            """,
            {"after": self.position, "most": most},
        )
        for row in news:
            event = {name: value for name, value in row.items() if name not in NOT_OF_THE_LOG}
            key = (event["event_id"], event["occurred_at"])
            if row["kind"] == "retraction":
                assert row["reason"]
                assert self.rows.pop(key) == event
            else:
                assert key not in self.rows
                self.rows[key] = event
            assert row["position"] >= self.position
            self.position = row["position"]
        return len(news)

    def equals_the_log(self) -> bool:
        """Whether it holds the log's rows, column by column."""
        log = query(self.dsn, "select * from audit.contact_audit_log")
        return {(row["event_id"], row["occurred_at"]): row for row in log} == self.rows


@pytest.mark.heavy(minutes=5)
def test_a_copy_kept_through_late_entries_equals_the_log(helpdesk_dsn: str, audit_dsn: str) -> None:
    rng = random.Random(5)
    world = random_world(11, contacts=8, captures=8, hardness=0.7)
    for number, row in enumerate(world["contact_journal"]):
        if number % 3 == 0:
            happened = datetime.fromisoformat(row["occurred_at"])
            row["recorded_at"] = (happened + timedelta(hours=number % 24)).isoformat()
    write_world(helpdesk_dsn, {**world, "contact_journal": []})
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0, overlap_seconds=0)
    eager, lazy = Copy(audit_dsn), Copy(audit_dsn)
    for number in range(24):
        end = HISTORY_START + timedelta(hours=3) * (number + 1)
        visible = [row for row in world["contact_journal"] if datetime.fromisoformat(row["recorded_at"]) <= end]
        query(helpdesk_dsn, "truncate helpdesk.contact_journal")
        write_world(helpdesk_dsn, {"contact_journal": visible})
        sync(pipeline, end)
        eager.pull()
        if rng.random() < 0.2:
            lazy.pull(most=rng.randint(1, 3))
        assert eager.equals_the_log()
    lazy.pull()
    assert lazy.equals_the_log()
    assert eager.pull() == 0
    assert len(query(audit_dsn, "select * from audit.superseded_events")) > 5
    retracted = query(audit_dsn, "select * from audit.event_feed where kind = 'retraction'")
    assert len(retracted) == len(query(audit_dsn, "select * from audit.superseded_events"))


def test_a_copy_kept_through_forced_backfills_and_loads_again_equals_the_log(helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(helpdesk_dsn, random_world(77, contacts=15, captures=11, hardness=0.9))
    pipeline, copy = new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0), Copy(audit_dsn)
    backfill(pipeline, chunk="day", **SPAN)
    assert copy.pull() > 50
    for number, author in enumerate(("91", "92", "7")):
        query(helpdesk_dsn, "update helpdesk.contact_journal set author_id = %s where author_id is not null", [author])
        backfill(pipeline, f"forced {number}", chunk="day", force=True, **SPAN)
        if number != 1:  # an event that comes and goes between two looks
            copy.pull()
        backfill(pipeline, f"again {number}", force=True, **SPAN)
        sync(pipeline, HISTORY_START + timedelta(hours=12), "the same window", only_own=True)
    copy.pull()
    assert copy.equals_the_log()
    assert copy.pull() == 0
    fresh = Copy(audit_dsn)
    while fresh.pull(most=1):
        pass
    fresh.pull()
    assert fresh.rows == copy.rows


def test_a_copy_that_looks_while_loads_run_side_by_side_equals_the_log(helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(helpdesk_dsn, random_world(78, contacts=15, captures=11, hardness=0.9))
    copy, over, failures = Copy(audit_dsn), threading.Event(), []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:
            failures.append(error)

    def look() -> None:
        while not over.is_set():
            copy.pull()

    def pipeline() -> Any:
        return new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0)

    looking = threading.Thread(target=run, args=(look,))
    works: list[Callable[[], object]] = [
        lambda: backfill(pipeline(), "one", chunk="day", force=True, **SPAN),
        lambda: [sync(pipeline(), HISTORY_START + timedelta(hours=3 * n), "two", only_own=True) for n in (2, 5, 9)],
        lambda: [sync(pipeline(), HISTORY_START + timedelta(hours=3 * n), "three", only_own=True) for n in (9, 3, 1)],
    ]
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in (looking, *threads):
        thread.start()
    for thread in threads:
        thread.join(timeout=100)
    over.set()
    looking.join(timeout=100)
    assert failures == []
    copy.pull()
    assert copy.rows
    assert copy.equals_the_log()


def load(connection: Connection, contact_id: str, window_end: datetime) -> None:
    """What a load does to one window, without a commit."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            insert into audit.contact_audit_log (
                event_id, account_id, contact_id, action, author_type, occurred_at, occurred_after, sequence, changes,
                attribution, journal_entry_id, previous_snapshot_id, snapshot_id, window_start, window_end,
                rules_version, run_id
            )
            values (
                gen_random_uuid(), '1', %(contact_id)s, 'delete', 'agent', %(end)s, %(end)s, 1, '[]', 'recorded', 1, 1, 2,
                %(end)s - interval '3 hours', %(end)s, 1, 'test'
            );
            insert into audit.ledger (
                kind, window_start, window_end, events, entries_without_event, rejected, superseded, captures, whole,
                rules_version, run_id
            )
            values ('load', %(end)s - interval '3 hours', %(end)s, 1, 0, 0, 0, '{2}', true, 1, 'test')
            """,
            {"contact_id": contact_id, "end": window_end},
        )


def feed(dsn: str) -> list[str]:
    return [row["contact_id"] for row in query(dsn, "select contact_id from audit.event_feed order by position")]


def test_who_commits_later_comes_later_though_it_began_earlier(audit_dsn: str) -> None:
    with closing(psycopg2.connect(audit_dsn)) as early, closing(psycopg2.connect(audit_dsn)) as late:
        early.cursor().execute("select now()")
        load(late, "late", HISTORY_START + timedelta(hours=6))
        late.commit()
        assert feed(audit_dsn) == ["late"]
        load(early, "early", HISTORY_START + timedelta(hours=3))
        early.commit()
        assert feed(audit_dsn) == ["late", "early"]


def test_nothing_is_handed_out_above_a_position_that_is_not_visible_yet(audit_dsn: str) -> None:
    with closing(psycopg2.connect(audit_dsn)) as first, closing(psycopg2.connect(audit_dsn)) as second:
        load(first, "first", HISTORY_START + timedelta(hours=3))
        with first.cursor() as cursor:
            cursor.execute("set constraints all immediate")  # half-way through its commit

        def load_second() -> None:
            load(second, "second", HISTORY_START + timedelta(hours=6))
            second.commit()

        committing = threading.Thread(target=load_second)
        committing.start()
        committing.join(timeout=0.5)
        assert committing.is_alive()
        assert feed(audit_dsn) == []
        first.commit()
        committing.join(timeout=30)
        assert feed(audit_dsn) == ["first", "second"]


def test_a_load_that_is_rolled_back_leaves_nothing_in_the_feed(audit_dsn: str) -> None:
    with closing(psycopg2.connect(audit_dsn)) as connection:
        load(connection, "lost", HISTORY_START + timedelta(hours=3))
        connection.rollback()
        load(connection, "kept", HISTORY_START + timedelta(hours=3))
        connection.commit()
    assert feed(audit_dsn) == ["kept"]


def test_windows_of_one_transaction_have_one_position(audit_dsn: str) -> None:
    with closing(psycopg2.connect(audit_dsn)) as connection:
        load(connection, "a", HISTORY_START + timedelta(hours=3))
        load(connection, "b", HISTORY_START + timedelta(hours=6))
        connection.commit()
    assert len(query(audit_dsn, "select distinct position from audit.event_feed")) == 1


def test_the_feed_of_a_log_older_than_itself_begins_with_what_stands(new_database: NewDatabase) -> None:
    dsn = new_database()
    upgrade_to(dsn, "0001")
    with closing(psycopg2.connect(dsn)) as connection:
        load(connection, "old", HISTORY_START + timedelta(hours=3))
        load(connection, "older", HISTORY_START + timedelta(hours=6))
        connection.commit()
    query(
        dsn,
        """
        insert into audit.superseded_events (
            event_id, account_id, contact_id, action, author_type, occurred_at, occurred_after, sequence, changes,
            attribution, window_start, window_end, rules_version, run_id, loaded_at, superseded_by, reason
        )
        select
            gen_random_uuid(), account_id, 'gone', action, author_type, occurred_at, occurred_after, sequence, changes,
            attribution, window_start, window_end, rules_version, run_id, loaded_at, 'test', 'long ago'
        from audit.contact_audit_log
        """,
    )
    migrations.upgrade(dsn)
    copy = Copy(dsn)
    assert copy.pull() == 2
    assert copy.equals_the_log()


def upgrade_to(dsn: str, revision: str) -> None:
    from alembic.command import upgrade
    from sqlalchemy import create_engine

    engine = create_engine("postgresql+psycopg2://", creator=lambda: psycopg2.connect(dsn))
    with engine.begin() as connection:
        connection.exec_driver_sql("create schema audit")
        config = migrations._config()
        config.attributes["connection"] = connection
        upgrade(config, revision)
    engine.dispose()


def test_a_look_for_news_reads_no_more_than_the_news(audit_dsn: str) -> None:
    query(
        audit_dsn,
        """
        insert into audit.contact_audit_log (
            event_id, account_id, contact_id, action, author_type, occurred_at, occurred_after, sequence, changes,
            attribution, journal_entry_id, previous_snapshot_id, snapshot_id, window_start, window_end, rules_version, run_id
        )
        select
            gen_random_uuid(), '1', number, 'delete', 'agent', moment, moment, 1, '[]', 'recorded', 1, 1, 2,
            border - interval '3 hours', border, 1, 'test'
        from generate_series(1, 20000) as number
        cross join lateral (select '2024-02-01 UTC'::timestamptz + number * interval '45 minutes' as moment) as at
        cross join lateral (select date_bin('3 hours', moment, '2019-10-01 UTC') + interval '3 hours' as border) as its
        """,
    )
    query(
        audit_dsn,
        """
        insert into audit.loads (window_end, loaded_at, position)
        select window_end, loaded_at, row_number() over (order by window_end)
        from audit.contact_audit_log
        group by window_end, loaded_at
        """,
    )
    for table in ("contact_audit_log", "loads", "superseded_events"):
        query(audit_dsn, f"analyze audit.{table}")
    (highest,) = query(audit_dsn, "select max(position) as position from audit.loads")
    text = f"explain (analyze, format json) select * from audit.event_feed where position > {highest['position'] - 3}"
    (plan,) = query(audit_dsn, text)
    scans = list(nodes(plan["QUERY PLAN"][0]["Plan"]))
    read = [node for node in scans if node.get("Relation Name", "").startswith("contact_audit_log")]
    visited = sum((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"] for node in read)
    assert 0 < visited <= 12


def nodes(plan: dict[str, Any]) -> Any:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def test_the_feed_has_every_column_of_the_log(audit_dsn: str) -> None:
    columns = "select column_name from information_schema.columns where table_schema = 'audit' and table_name = %s"
    log, fed = (
        {row["column_name"] for row in query(audit_dsn, columns, [name])}
        for name in ("contact_audit_log", "event_feed")
    )
    assert log | set(NOT_OF_THE_LOG) == fed
