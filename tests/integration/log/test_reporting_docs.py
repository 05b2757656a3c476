"""docs/reporting.md: each of its SQL blocks runs, and answers its question."""

import json
import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg2
import pytest

from contact_audit.windows import HISTORY_START
from tests.support.runs import backfill, new_pipeline, query
from tests.support.worlds import random_world, write_world

TEXT = (Path(__file__).parents[3] / "docs" / "reporting.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"```(?:postgre)?sql\n-- (.+?)\n(.*?)```", TEXT, re.DOTALL))
NOW = datetime.now(UTC)
LAST_MONTH = NOW.replace(day=1, hour=12, minute=0, second=0, microsecond=0) - timedelta(days=2)


def add_event(dsn: str, at: datetime, contact_id: str = "1", **given: Any) -> None:
    """An update of an email by an agent, recorded in the journal, unless something else is given."""
    row: dict[str, Any] = {
        "changes": [{"field": "email", "old": "a@x", "new": "b@x"}],
        "action": "update",
        "author_type": "agent",
        "author_id": "7",
        "author_name": "Ann",
        "attribution": "recorded",
        "journal_entry_id": 1,
    } | given
    query(
        dsn,
        """
        insert into audit.contact_audit_log (
            event_id, account_id, contact_id, action, author_type, author_id, author_name, occurred_at, occurred_after,
            sequence, changes, attribution, journal_entry_id, previous_snapshot_id, snapshot_id, window_start, window_end,
            rules_version, run_id
        )
        select
            gen_random_uuid(), '1', %(contact_id)s, %(action)s, %(author_type)s, %(author_id)s, %(author_name)s, %(at)s,
            %(at)s, 1, %(changes)s, %(attribution)s, %(journal_entry_id)s, 1, 2, border, border + interval '3 hours', 1,
            'test'
        from (select date_bin('3 hours', %(at)s::timestamptz, '2019-10-01 UTC') as border) as its;

        insert into audit.ledger (
            kind, window_start, window_end, events, entries_without_event, rejected, superseded, captures, whole,
            rules_version, run_id
        )
        select 'load', border, border + interval '3 hours', 1, 0, 0, 0, '{}', true, 1, 'test'
        from (select date_bin('3 hours', %(at)s::timestamptz, '2019-10-01 UTC') as border) as its
        """,
        row | {"at": at, "contact_id": contact_id, "changes": json.dumps(row["changes"])},
    )


NOBODY = {
    "author_type": "unknown",
    "author_id": None,
    "author_name": None,
    "attribution": "unattributed",
    "journal_entry_id": None,
}
AZURE = {"author_type": "integration", "author_id": "azure", "author_name": "Azure AD"}


def test_every_block_has_a_name_of_its_own() -> None:
    assert len(BLOCKS) == TEXT.count("sql\n-- ") == 12


@pytest.mark.parametrize("name", [name for name in BLOCKS if not name.startswith(("a copy", "a login"))])
def test_each_block_runs_for_the_reader(audit_dsn: str, name: str) -> None:
    with closing(psycopg2.connect(audit_dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("set role contact_audit_reader")
        cursor.execute(BLOCKS[name])
        assert cursor.description


def test_who_changed_emails_last_month(audit_dsn: str) -> None:
    add_event(audit_dsn, LAST_MONTH, "changed")
    add_event(audit_dsn, LAST_MONTH, "born", action="create")
    add_event(audit_dsn, LAST_MONTH, "renamed", changes=[{"field": "name", "old": "a", "new": "b"}])
    add_event(audit_dsn, NOW, "this month")
    add_event(audit_dsn, LAST_MONTH - timedelta(days=31), "before")
    (row,) = query(audit_dsn, BLOCKS["emails changed last month"])
    assert (row["contact_id"], row["author_name"], row["old_value"], row["new_value"]) == (
        "changed",
        "Ann",
        "a@x",
        "b@x",
    )


def test_contacts_changed_by_an_integration_at_night(audit_dsn: str) -> None:
    berlin = (NOW - timedelta(days=3)).astimezone(ZoneInfo("Europe/Berlin"))
    for hour, contact in ((5, "early"), (6, "morning"), (21, "evening"), (22, "late")):
        add_event(audit_dsn, berlin.replace(hour=hour, minute=30), contact, **AZURE)
    add_event(audit_dsn, berlin.replace(hour=23, minute=0), "by hand")
    rows = query(audit_dsn, BLOCKS["changed by an integration at night"])
    assert [row["contact_id"] for row in rows] == ["early", "late"]


def test_changes_never_attributed_and_their_share(audit_dsn: str) -> None:
    at = NOW - timedelta(days=2)
    for number in range(3):
        add_event(audit_dsn, at, f"known {number}")
    add_event(audit_dsn, at, "nobody", **NOBODY)
    assert [row["contact_id"] for row in query(audit_dsn, BLOCKS["never attributed"])] == ["nobody"]
    (day,) = query(audit_dsn, BLOCKS["share of unattributed events"])
    assert (day["day"], day["events"], float(day["unattributed_percent"])) == (at.date(), 4, 25.0)


def test_what_a_contact_looked_like_on_a_date(audit_dsn: str) -> None:
    query(
        audit_dsn,
        "insert into audit.contacts values ('4711', '1', 'Dana', 'b@x', null, '{\"plan\": \"pro\"}', null, false, 2)",
    )
    query(
        audit_dsn,
        """
        insert into audit.ledger (
            kind, window_start, window_end, events, entries_without_event, rejected, superseded, captures, whole,
            rules_version, run_id
        )
        values ('load', '2024-01-01 UTC', '2024-01-01 03:00 UTC', 0, 0, 0, 0, '{1}', true, 1, 'first')
        """,
    )
    add_event(audit_dsn, datetime(2024, 3, 5, tzinfo=UTC), "4711")
    (then,) = query(audit_dsn, BLOCKS["one contact as of a moment"])
    assert (then["present"], then["name"], then["email"], then["custom_fields"]) == (
        True,
        "Dana",
        "a@x",
        {"plan": "pro"},
    )
    assert [row["email"] for row in query(audit_dsn, BLOCKS["all states of one contact"])] == ["a@x", "b@x"]


def test_who_does_most(audit_dsn: str) -> None:
    for number in range(3):
        add_event(audit_dsn, NOW - timedelta(days=number), str(number))
    add_event(audit_dsn, NOW - timedelta(days=1), **AZURE)
    rows = query(audit_dsn, BLOCKS["authors of the last 30 days"])
    assert [(row["author_name"], row["events"]) for row in rows] == [("Ann", 3), ("Azure AD", 1)]


def test_the_login_of_a_reporting_tool_reads_the_views_and_writes_nothing(audit_dsn: str) -> None:
    query(audit_dsn, BLOCKS["a login for a reporting tool"])
    try:
        login = audit_dsn.replace("postgres@", "superset@", 1)
        (days,) = query(login, "select count(*) as days, current_setting('timezone') as zone from audit.daily_activity")
        assert (days["days"], days["zone"]) == (0, "UTC")
        for refused in ("select * from audit.rejected_rows", "update audit.state set last_run_id = 'none'"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                query(login, refused)
    finally:
        query(audit_dsn, "drop role superset")


def test_the_copy_in_sql_equals_the_log(helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(helpdesk_dsn, random_world(77, contacts=10, captures=8, hardness=0.9))
    span = {"from_": HISTORY_START.isoformat(), "to": (HISTORY_START + timedelta(days=2)).isoformat()}
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0)
    query(audit_dsn, BLOCKS["a copy, made once"])
    for author in ("7", "91", "92", "7"):
        query(helpdesk_dsn, "update helpdesk.contact_journal set author_id = %s where author_id is not null", [author])
        backfill(pipeline, author, force=True, **span)
        if author != "91":
            with closing(psycopg2.connect(audit_dsn)) as connection, connection.cursor() as cursor:
                connection.autocommit = True
                for statement in filter(None, BLOCKS["a copy, brought up to date"].split(";\n")):
                    cursor.execute(statement + ";")
            log, copy = (
                query(audit_dsn, f"select * from {schema}.contact_audit_log order by 1")
                for schema in ("audit", "warehouse")
            )
            assert copy == log
            assert log
