"""Roundup's own database before and after what ACTIVITY.md lists: the log against that list, event by event."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contact_audit.runs.pipeline import Pipeline
from contact_audit.sources.adapters.roundup import Roundup
from contact_audit.windows import floor_border
from tests.conftest import NewDatabase
from tests.support.dumps import Direct, psql, restore
from tests.support.runs import backfill, new_pipeline, query, sync

ANNA, SYNC, IVO = ("admin", "3", "Anna Agent"), ("admin", "5", "Directory Sync"), ("contact", "9", "Ivo O'Marsh")
C1, C2, C3, C4, C5, C6, C7 = range(6, 13)
OLGA = {"name": (None, "Olga Penn"), "email": (None, "olga@seven.example"), "custom_fields.plan": (None, "basic")}
NOEL = {"name": ("Noel Birch", None), "email": ("noel@six.example", None), "custom_fields.plan": ("basic", None)}
SARA = {
    "name": 'Sara Quill "SQ"',
    "email": "sara@five.example",
    "custom_fields.manager": "6",
    "custom_fields.organisation": "Fünf & Söhne",
}
ACTIVITY = [
    (C1, "update", ANNA, {"name": ("Mira Holt", "Mira Holt-Dean")}),
    (C1, "update", ANNA, {"email": ("mira@one.example", "mira.dean@one.example")}),
    (C2, "update", SYNC, {"primary_phone": (None, "+1 555 0202")}),
    (C2, "update", ANNA, {"custom_fields.plan": ("pro", "enterprise"), "custom_fields.seats": (5, 25)}),
    (C2, "update", ANNA, {"custom_fields.interests": (["api"], ["api", "billing"])}),
    (C2, "update", SYNC, {"custom_fields.interests": (["api", "billing"], ["billing", "mobile"])}),
    (C3, "update", ANNA, {"custom_fields.vip": (None, True)}),
    (C3, "update", ANNA, {"custom_fields.vip": (True, False)}),
    (C3, "update", SYNC, {"email": ("lena@three.example", "lena.fox@three.example")}),
    (C3, "update", ANNA, {"email": ("lena.fox@three.example", "lena@three.example")}),
    (C3, "update", ANNA, {"custom_fields.customer_since": ("2024-03-01", "2024-04-15")}),
    (C4, "update", IVO, {"primary_phone": ("+1 555 0104", "+1 555 0404")}),
    (C4, "update", IVO, {"name": ("Ivo Marsh", "Ivo O'Marsh")}),
    (C4, "update", ANNA, {"primary_phone": ("+1 555 0404", None)}),
    (C5, "update", SYNC, {"name": ("Sara Quill", SARA["name"]), "custom_fields.organisation": (None, "Fünf & Söhne")}),
    (C5, "update", ANNA, {"custom_fields.manager": (None, "6")}),
    (C5, "delete", ANNA, {field: (value, None) for field, value in SARA.items()}),
    (C5, "restore", ANNA, {field: (None, value) for field, value in SARA.items()}),
    (C6, "delete", SYNC, NOEL),
    (C7, "create", ANNA, OLGA | {"custom_fields.seats": (None, 1)}),
    (C7, "update", ANNA, {"custom_fields.seats": (1, 2)}),
]
"""What ACTIVITY.md lists between the dumps, but for what is no event: a save without effect, password, login, staff, and the contact that
was made and destroyed in between.
"""


@pytest.fixture
def roundup(new_database: NewDatabase) -> str:
    """A tracker's database, before."""
    dsn = new_database()
    dump(dsn, "before")
    return dsn


def dump(dsn: str, name: str) -> None:
    """Bring the database to a dump, in which all that was there before the activity is some days older."""
    restore(dsn, f"roundup/{name}.sql")
    query(dsn, "update user__journal set date = date - interval '3 days' where date < '2026-11-25 23:13:21'")


@pytest.fixture
def pipeline(roundup: str, audit_dsn: str) -> Pipeline:
    return new_pipeline(roundup, audit_dsn, source="roundup")


def a_run(pipeline: Pipeline) -> None:
    sync(pipeline, floor_border(datetime.now(UTC)))


def events(pipeline: Pipeline) -> list[tuple[Any, ...]]:
    """The log, contact by contact in order."""
    rows = query(
        pipeline.audit_dsn,
        """select contact_id::int, action, author_type, author_id, author_name, changes from audit.contact_audit_log
        order by contact_id::int, window_end, sequence""",
    )
    return [
        (
            row["contact_id"],
            row["action"],
            (row["author_type"], row["author_id"], row["author_name"]),
            {one["field"]: (one["old"], one["new"]) for one in row["changes"]},
        )
        for row in rows
    ]


def test_what_was_done_between_the_dumps_is_told_event_by_event(pipeline: Pipeline, roundup: str) -> None:
    a_run(pipeline)
    assert events(pipeline) == []
    dump(roundup, "after")
    moved = "date + (clock_timestamp() at time zone 'UTC' - timestamp '2026-11-25 23:13:41')"
    query(roundup, f"update user__journal set date = {moved} where date > '2026-11-25 23:13:21'")
    a_run(pipeline)
    assert events(pipeline) == ACTIVITY
    assert query(pipeline.audit_dsn, "select * from audit.entries_without_event") == []


def test_entries_dated_before_the_capture_that_did_not_see_them_lie_after_it(pipeline: Pipeline, roundup: str) -> None:
    a_run(pipeline)
    dump(roundup, "after")
    a_run(pipeline)
    assert events(pipeline) == ACTIVITY


def test_before_the_first_capture_old_values_are_completed_by_what_follows(roundup: str, audit_dsn: str) -> None:
    dump(roundup, "after")
    pipeline = new_pipeline(roundup, audit_dsn, source="roundup")
    report = backfill(
        pipeline, now=floor_border(datetime.now(UTC)) + timedelta(minutes=1), from_="2026-11-22T00:00:00Z"
    )
    found = [(contact, changes) for contact, action, _, changes in events(pipeline) if action == "update"]
    assert found == [
        (C3, {"custom_fields.vip": (None, True)}),
        (C3, {"email": ("lena@three.example", "lena.fox@three.example")}),
        (C4, {"primary_phone": ("+1 555 0104", "+1 555 0404")}),
    ]
    assert report.by_action == {"create": 7, "update": 3, "delete": 2, "restore": 1}


def test_a_set_that_cannot_be_read_names_nothing(roundup: str) -> None:
    psql(
        roundup,
        """insert into user__journal values
            (6, '2026-11-26', '3', 'set', '{''realname'': 5L}'), (6, '2026-11-27', '3', 'set', null);""",
    )
    assert [row["items"] for row in Direct(Roundup(), roundup).rows()[-2:]] == [None, None]


def test_an_entrys_id_is_the_same_whatever_else_the_journal_holds_and_two_alike_have_two(roundup: str) -> None:
    before = {row["entry_id"] for row in Direct(Roundup(), roundup).rows()}
    psql(
        roundup,
        """delete from user__journal where nodeid = 7;
        insert into user__journal select 99, date, tag, action, params from user__journal;
        insert into user__journal select * from user__journal where nodeid = 11;""",
    )
    after = [row["entry_id"] for row in Direct(Roundup(), roundup).rows()]
    assert len(after) == len(set(after)) == 21
    assert len(before - set(after)) == 1


def test_a_tracker_without_links_or_a_schema_to_see_is_read(roundup: str) -> None:
    psql(roundup, "drop table user_interests, _keyword, keyword__journal;")
    assert "interests" not in Direct(Roundup(), roundup).contacts()[7]["custom_fields"]
