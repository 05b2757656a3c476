"""How a contact was, and who did how much: contact_history, contact_as_of, daily_activity, author_activity; and who may read."""

import random
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import psycopg2.extras
import pytest
from psycopg2 import errors

from contact_audit.log import migrations
from contact_audit.sql import statement
from tests.conftest import NewDatabase
from tests.support.compact import moment, world_of
from tests.support.runs import backfill, new_pipeline, query
from tests.support.worlds import load_world, random_world, write_world

FIELDS = ("name", "email", "primary_phone")
DAYS = {"from_": "2019-10-01T00:00:00Z", "to": "2019-10-05T00:00:00Z"}


def as_of(dsn: str, contact_id: str, at: datetime) -> dict[str, Any] | None:
    found = query(dsn, "select * from audit.contact_as_of(%s, %s)", [contact_id, at])
    assert len(found) <= 1
    return found[0] if found else None


def spans(dsn: str) -> list[tuple[str, ...]]:
    """Contact 1's spans: from, to, and its plan (- where it is not there)."""
    rows = query(dsn, "select * from audit.contact_history where contact_id = '1' order by valid_from")
    return [
        (
            f"{row['valid_from'].astimezone(UTC):%H:%M}",
            f"{row['valid_to'].astimezone(UTC):%H:%M}" if row["valid_to"] else "",
            str(row["custom_fields"].get("plan", "none")) if row["present"] else "-",
        )
        for row in rows
    ]


def canonical(value: Any) -> Any:
    """A value as the log's rules compare it: lists as sets, an empty one none, a missing key none."""
    if isinstance(value, list):
        parts = {repr(canonical(one)) for one in value}
        return sorted(parts) or None
    if isinstance(value, dict):
        return {key: canonical(one) for key, one in value.items() if canonical(one) is not None}
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return float(value)


def captured(world: dict[str, Any]) -> Iterator[tuple[datetime, dict[int, dict[str, Any]]]]:
    """Each capture's moment, and the contacts that are there in it."""
    there: dict[int, dict[str, Any]] = {}
    for capture in sorted(world["snapshots"], key=lambda row: row["captured_at"]):
        rows = [row for row in world["contact_snapshots"] if row["snapshot_id"] == capture["snapshot_id"]]
        there = {} if capture["kind"] == "full" else dict(there)
        for row in rows:
            there[row["contact_id"]] = row
        there = {number: row for number, row in there.items() if not row["deleted"]}
        yield datetime.fromisoformat(capture["captured_at"]), there


@pytest.mark.parametrize("seed", [None, 4, 5])
def test_the_state_at_each_capture_is_what_it_holds(helpdesk_dsn: str, audit_dsn: str, seed: int | None) -> None:
    world = load_world("plain") if seed is None else random_world(seed, contacts=10, captures=10, hardness=0.4)
    if seed is not None:  # where clocks differ, an event may be dated beyond the capture that shows it
        for row in world["contact_journal"]:
            row["occurred_at"] = _away_from_captures(row["occurred_at"], world)
    write_world(helpdesk_dsn, world)
    backfill(new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0, skew_seconds=0), **DAYS)
    compared = 0
    contacts = {row["contact_id"] for row in world["contact_snapshots"]}
    for number, (at, there) in enumerate(captured(world)):
        for contact in contacts:
            state = as_of(audit_dsn, str(contact), at)
            if number == 0 and state is None:
                continue
            assert state is not None
            assert state["present"] == (contact in there), (contact, at)
            if contact in there:
                held = there[contact]
                assert {name: state[name] for name in FIELDS} == {name: held[name] for name in FIELDS}
                assert canonical(state["custom_fields"]) == canonical(held["custom_fields"])
            else:
                assert [state[name] for name in FIELDS] == [None] * 3
                assert state["custom_fields"] == {}
            compared += 1
    assert compared >= 90


def _away_from_captures(text: str, world: dict[str, Any]) -> str:
    at = datetime.fromisoformat(text)
    near = timedelta(minutes=3)
    for row in world["snapshots"]:
        if abs(at - datetime.fromisoformat(row["captured_at"])) < near:
            at += 2 * near
    return at.isoformat()


def test_each_span_has_its_state_and_the_next_begins_where_it_ends(helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(
        helpdesk_dsn,
        world_of(
            """
            00:00 capture -
            01:00 create #1 ann plan:>a
            02:00 update #2 ann plan:a>b
            03:00 capture plan=b
            06:00 capture plan=c
            07:00 delete #3 ann
            09:00 capture -
            11:00 restore #4 ann plan:>d
            12:00 capture plan=d
            """
        ),
    )
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0)
    backfill(pipeline, from_=moment("00:00").isoformat(), to=moment("15:00").isoformat())
    assert spans(audit_dsn) == [
        ("00:00", "01:00", "-"),
        ("01:00", "02:00", "a"),
        ("02:00", "06:00", "b"),
        ("06:00", "07:00", "c"),
        ("07:00", "11:00", "-"),
        ("11:00", "", "d"),
    ]
    assert as_of(audit_dsn, "1", moment("00:00") - timedelta(hours=9)) is None
    assert as_of(audit_dsn, "2", moment("03:00")) is None
    (born,) = query(audit_dsn, "select * from audit.contact_as_of('1', %s)", [moment("01:00")])
    assert born["custom_fields"] == {"plan": "a"}
    (event,) = query(audit_dsn, "select event_id from audit.contact_audit_log where action = 'create'")
    assert born["event_id"] == event["event_id"]
    (span,) = query(audit_dsn, "select * from audit.contact_as_of('1', %s)", [moment("06:30")])
    assert (span["occurred_after"], span["valid_from"]) == (moment("03:00"), moment("06:00"))


def test_a_field_that_was_renamed_for_all_bears_its_name_of_the_day(helpdesk_dsn: str, audit_dsn: str) -> None:
    world: dict[str, Any] = {"snapshots": [], "contact_snapshots": []}
    for number, key in ((1, "plan"), (2, "tariff"), (3, "tariff")):
        at = moment("00:00") + timedelta(hours=3) * (number - 1)
        world["snapshots"].append({"snapshot_id": number, "captured_at": at.isoformat(), "kind": "full"})
        for contact in range(1, 21):
            custom = {key: f"p{contact}"} | ({"note": "x"} if number == 3 and contact == 1 else {})
            row = {"snapshot_id": number, "contact_id": contact, "account_id": 1, "created_at": None, "deleted": False}
            fields = {"name": f"N{contact}", "email": None, "primary_phone": None, "custom_fields": custom}
            world["contact_snapshots"].append(row | fields)
    write_world(helpdesk_dsn, world)
    backfill(new_pipeline(helpdesk_dsn, audit_dsn), from_=moment("00:00").isoformat(), to=moment("09:00").isoformat())
    assert query(audit_dsn, "select kind from audit.schema_changes") == [{"kind": "renamed"}]
    told = {clock: as_of(audit_dsn, "1", moment(clock)) for clock in ("00:00", "03:00", "06:00")}
    assert [state and state["custom_fields"] for state in told.values()] == [
        {"plan": "p1"},
        {"tariff": "p1"},
        {"tariff": "p1", "note": "x"},
    ]


def test_counts_by_day_and_by_author_add_up_to_the_log(helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(helpdesk_dsn, random_world(21, contacts=15, captures=20, hardness=0.5))
    backfill(new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0), **DAYS)
    for view, columns in (
        ("daily_activity", "account_id, action, author_type, channel, attribution"),
        ("author_activity", "account_id, author_type, author_id"),
    ):
        counted = query(
            audit_dsn,
            f"select day, {columns}, sum(events) as events from audit.{view} group by day, {columns} order by 1, 2, 3, 4",
        )
        wanted = query(
            audit_dsn,
            f"""
            select (occurred_at at time zone 'UTC')::date as day, {columns}, count(*) as events
            from audit.contact_audit_log group by 1, {columns} order by 1, 2, 3, 4
            """,
        )
        assert counted
        assert sorted(counted, key=str) == sorted(wanted, key=str)
    (total,) = query(
        audit_dsn, "select sum(events - creates - updates - deletes - restores) as rest from audit.author_activity"
    )
    assert total["rest"] == 0


def test_the_views_are_empty_before_the_first_load(audit_dsn: str) -> None:
    for view in ("contact_history", "daily_activity", "author_activity", "event_feed"):
        assert query(audit_dsn, f"select * from audit.{view}") == []


def many_events(dsn: str) -> None:
    rng = random.Random(1)
    rows = [(str(rng.randint(0, 3999)), number) for number in range(20_000)]
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        psycopg2.extras.execute_values(
            cursor,
            """
            insert into audit.contact_audit_log (
                event_id, account_id, contact_id, action, author_type, author_id, occurred_at, occurred_after, sequence,
                changes, attribution, journal_entry_id, previous_snapshot_id, snapshot_id, window_start, window_end,
                rules_version, run_id
            )
            select
                gen_random_uuid(), '1', given.contact_id, 'update', 'agent', '7', moment, moment, 1,
                '[{"field": "email", "old": "a@x", "new": "b@x"}]', 'recorded', 1, 1, 2, border,
                border + interval '3 hours', 1, 'test'
            from (values %s) as given (contact_id, number)
            cross join lateral (select '2024-02-01 UTC'::timestamptz + number * interval '45 minutes' as moment) as at
            cross join lateral (select date_bin('3 hours', moment, '2019-10-01 UTC') as border) as its
            """,
            rows,
            page_size=20_000,
        )
        # as a load does, so that the feed knows of them
        cursor.execute(
            """
            with windows as (
                select window_start, window_end, count(*) as events
                from audit.contact_audit_log
                group by 1, 2
            )
            insert into audit.ledger (
                kind, window_start, window_end, events, entries_without_event, rejected, superseded, captures, whole,
                rules_version, run_id, roots
            )
            select 'load', window_start, window_end, events, 0, 0, 0, '{}', true, 1, 'test', roots
            from windows
            inner join audit.seal((select array_agg(window_end) from windows), false) on window_end = sealed
            """
        )
        cursor.execute("analyze audit.contact_audit_log")


def visited(dsn: str, text: str) -> int:
    """How many rows of the log a query looks at."""

    def walk(node: dict[str, Any]) -> int:
        mine = 0
        if str(node.get("Relation Name", "")).startswith("contact_audit_log"):
            mine = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        return mine + sum(walk(child) for child in node.get("Plans", []))

    (row,) = query(dsn, f"explain (analyze, format json) {text}")
    return walk(row["QUERY PLAN"][0]["Plan"])


def test_what_is_read_is_what_was_asked_for(audit_dsn: str) -> None:
    many_events(audit_dsn)
    assert visited(audit_dsn, "select * from audit.contact_history where contact_id = '17'") < 60
    assert visited(audit_dsn, "select * from audit.contact_as_of('17', '2025-01-01 UTC')") < 60
    week = visited(audit_dsn, "select * from audit.author_activity where day >= '2024-06-01' and day < '2024-06-08'")
    assert 7 * 32 <= week < 7 * 32 + 10  # and the log's first and last


READABLE = [
    *(
        "contact_events",
        "contact_activity",
        "contact_field_changes",
        "contact_history",
        "daily_activity",
        "author_activity",
    ),
    *("event_feed", "sync_status", "contact_audit_log", "superseded_events", "entries_without_event"),
    *("schema_changes", "schema_change_values", "contacts", "field_labels", "ledger", "loads", "state"),
    *("windows_of_older_rules", "verifications", "merged_contacts", "watching", "alerts", "alert_events"),
]


def test_the_reader_reads_what_readers_need_and_writes_nothing(audit_dsn: str) -> None:
    relations = query(
        audit_dsn,
        """
        select relname from pg_class
        where relnamespace = 'audit'::regnamespace and relkind in ('r', 'p', 'v', 'm') and not relispartition
        """,
    )
    allowed = "has_table_privilege('contact_audit_reader', %s, %s)"
    for (name,) in [tuple(row.values()) for row in relations]:
        (may,) = query(audit_dsn, f"select {allowed} as may", [f"audit.{name}", "select"])
        assert may["may"] == (name in READABLE), name
        (may,) = query(
            audit_dsn, f"select {allowed} as may", [f"audit.{name}", "insert, update, delete, truncate, references"]
        )
        assert not may["may"], name


def test_the_reader_can_use_every_view_and_function(helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(helpdesk_dsn, load_world("plain"))
    backfill(new_pipeline(helpdesk_dsn, audit_dsn), **DAYS)
    with closing(psycopg2.connect(audit_dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("set role contact_audit_reader")
        for name in READABLE[:8]:
            cursor.execute(f"select * from audit.{name}")
            assert cursor.fetchone() is not None
        cursor.execute("select * from audit.contact_as_of('3', '2019-10-02 UTC')")
        assert cursor.fetchone() is not None
        with pytest.raises(errors.InsufficientPrivilege):
            cursor.execute("select * from audit.rejected_rows")


def test_who_may_not_create_roles_is_told_and_the_rest_is_done(
    new_database: NewDatabase, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    dsn = new_database()
    text = statement("audit/revisions/0003/reader").replace("contact_audit_reader", "a_reader_that_is_missing")
    monkeypatch.setattr(
        migrations, "statement", lambda name: text if name == "audit/revisions/0003/reader" else statement(name)
    )
    query(
        dsn,
        "create role poor login; grant create, connect on database {} to poor".format(dsn.split("/")[3].split("?")[0]),
    )
    try:
        assert migrations.upgrade(dsn.replace("postgres@", "poor@")) == migrations.head()
    finally:
        query(dsn, "drop owned by poor; drop role poor")
    assert "the role a_reader_that_is_missing is missing and poor may not create it" in caplog.text
    assert "As an administrator: create role a_reader_that_is_missing nologin" in caplog.text
