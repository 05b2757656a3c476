"""Filling the demo helpdesk: the database holds what the simulation says.

However often it is filled, and in however many parts.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest

from contact_audit.demo import fill, simulate
from contact_audit.demo.fields import RENAMED
from contact_audit.errors import SourceError
from contact_audit.windows import floor_border
from tests.support.runs import backfill, new_pipeline, query

FEW = 60
FIRST = datetime(2019, 10, 20, 15, tzinfo=UTC)
LATER = FIRST + timedelta(days=9, hours=6)
TABLES = {
    "snapshots": "select * from helpdesk.snapshots order by snapshot_id",
    "contact_snapshots": "select * from helpdesk.contact_snapshots order by snapshot_id, contact_id",
    "contact_journal": "select * from helpdesk.contact_journal order by entry_id",
    "custom_fields": "select * from helpdesk.custom_fields order by account_id, field_key",
}


def test_a_fill_loads_every_simulated_row(helpdesk_dsn: str) -> None:
    added = fill(helpdesk_dsn, FIRST, _quiet, contacts=FEW)
    stored = _stored(helpdesk_dsn)
    assert stored == _simulated(FIRST)
    assert added == {table: len(rows) for table, rows in stored.items()}
    assert min(added.values()) > 0


def test_a_second_fill_changes_nothing(helpdesk_dsn: str) -> None:
    fill(helpdesk_dsn, FIRST, _quiet, contacts=FEW)
    before = _stored(helpdesk_dsn)
    for until in (FIRST, FIRST - timedelta(days=2)):
        assert set(fill(helpdesk_dsn, until, _quiet, contacts=FEW).values()) == {0}
    assert _stored(helpdesk_dsn) == before


def test_continuing_gives_the_rows_of_filling_at_once(helpdesk_dsn: str) -> None:
    for hours in (0, 3, 6, 30):
        fill(helpdesk_dsn, FIRST + timedelta(hours=hours), _quiet, contacts=FEW)
    fill(helpdesk_dsn, LATER, _quiet, contacts=FEW)
    assert _stored(helpdesk_dsn) == _simulated(LATER)


def test_a_changed_capture_holds_exactly_the_contacts_that_differ(helpdesk_dsn: str) -> None:
    fill(helpdesk_dsn, FIRST, _quiet, contacts=FEW)
    with psycopg2.connect(helpdesk_dsn) as connection, connection.cursor() as cursor:
        cursor.execute("""
            select count(*)
            from (
                select row_to_json(shown)::text as now, lag(row_to_json(shown)::text) over (
                    partition by shown.contact_id
                    order by captured.snapshot_id
                ) as before
                from helpdesk.contact_snapshots as captured
                cross join lateral (
                    select captured.contact_id, captured.name, captured.email, captured.primary_phone,
                           captured.custom_fields, captured.deleted
                ) as shown
            ) as pairs
            where now = before
        """)
        assert cursor.fetchone() == (0,)


def test_rows_changed_or_added_by_hand_stay_and_the_demo_continues(helpdesk_dsn: str) -> None:
    fill(helpdesk_dsn, FIRST, _quiet, contacts=FEW)
    with psycopg2.connect(helpdesk_dsn) as connection, connection.cursor() as cursor:
        cursor.execute("""
            insert into helpdesk.snapshots
            select max(snapshot_id) + 1, max(captured_at) + interval '20 minutes', 'changed' from helpdesk.snapshots;
            insert into helpdesk.contact_journal (entry_id, contact_id, account_id, occurred_at, recorded_at, action)
            select max(entry_id) + 1, 7, 2, max(recorded_at), max(recorded_at), 'update' from helpdesk.contact_journal;
            update helpdesk.custom_fields set label = 'Tariff' where account_id = 1 and field_key = 'plan';
            delete from helpdesk.contact_journal where entry_id = 20;
        """)
    fill(helpdesk_dsn, LATER, _quiet, contacts=FEW)
    stored, simulated = _stored(helpdesk_dsn), _simulated(LATER)
    assert len([row for row in stored["snapshots"] if row not in simulated["snapshots"]]) == 1
    assert len([row for row in stored["contact_journal"] if row not in simulated["contact_journal"]]) == 1
    assert [row[0] for row in simulated["contact_journal"] if row not in stored["contact_journal"]] == [20]
    assert stored["contact_snapshots"] == simulated["contact_snapshots"]
    assert (1, "plan", "Tariff", "dropdown") in stored["custom_fields"]


def test_the_audit_finds_the_field_that_was_renamed_and_blames_nobody(helpdesk_dsn: str, audit_dsn: str) -> None:
    until = floor_border(RENAMED.moment) + timedelta(hours=6)
    fill(helpdesk_dsn, until, _quiet, contacts=FEW)
    span = {"from_": (until - timedelta(hours=12)).isoformat(), "to": until.isoformat()}
    backfill(new_pipeline(helpdesk_dsn, audit_dsn), **span)
    (found,) = query(audit_dsn, "select * from audit.schema_changes")
    names = [f"custom_fields.{key}" for key in (RENAMED.old.field_key, RENAMED.new_key)]
    assert [found["kind"], found["field"], found["renamed_to"]] == ["renamed", *names]
    assert found["account_id"] == str(RENAMED.old.account_id)
    assert found["occurred_after"] <= RENAMED.moment <= found["occurred_at"]
    assert found["contacts"] > 10
    assert query(audit_dsn, "select 1 from audit.contact_audit_log where fields ?| %s", [names]) == []


@pytest.mark.parametrize("other", [{"seed": 1}, {"contacts": FEW + 40}])
def test_a_helpdesk_of_another_demo_is_refused(helpdesk_dsn: str, other: dict[str, int]) -> None:
    fill(helpdesk_dsn, FIRST, _quiet, contacts=FEW)
    before = _stored(helpdesk_dsn)
    with pytest.raises(SourceError, match="holds other captures"):
        fill(helpdesk_dsn, LATER, _quiet, **({"contacts": FEW} | other))
    assert _stored(helpdesk_dsn) == before


def test_progress_says_what_was_done(helpdesk_dsn: str) -> None:
    lines: list[str] = []
    fill(helpdesk_dsn, FIRST, lines.append, contacts=FEW)
    fill(helpdesk_dsn, FIRST, lines.append, contacts=FEW)
    assert "added" in lines[0]
    assert "already filled to 2019-10-20" in lines[-1]


def _quiet(line: str) -> None:
    pass


def _stored(dsn: str) -> dict[str, list[tuple[Any, ...]]]:
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        tables = {}
        for table, query in TABLES.items():
            cursor.execute(query)
            tables[table] = [tuple(map(_plain, row)) for row in cursor.fetchall()]
    return tables


def _simulated(until: datetime) -> dict[str, list[tuple[Any, ...]]]:
    world = simulate(until, contacts=FEW)
    tables = {table: [tuple(row) for row in getattr(world, table)] for table in TABLES}
    tables["contact_snapshots"] = [(*row[:6], json.loads(row[6]), *row[7:]) for row in tables["contact_snapshots"]]
    tables["contact_journal"] = [(*row[:11], row[11] and json.loads(row[11])) for row in tables["contact_journal"]]
    tables["custom_fields"].sort()
    return tables


def _plain(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) else value
