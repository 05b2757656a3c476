"""What nothing but the source's own constraints keeps: keys that come twice, null or unknown, and types that only views have."""

from typing import Any

import psycopg2
import pytest

from contact_audit.errors import SourceError
from contact_audit.runs.pipeline import Pipeline
from tests.support.compact import expected, logged, moment, world_of
from tests.support.runs import backfill, new_pipeline, query, sync
from tests.support.worlds import write_world

SPAN = {"from_": moment("-3:00").isoformat(), "to": moment("12:00").isoformat()}
STORY = """
    00:00 capture#1 plan=a name=Ann
    03:00 capture#2 plan=b name=Ann
    06:00 changed#3 plan=c name=Ann
    09:00 capture#4 plan=d name=Ann
"""
TOLD = """
    03:00/1 [1-2] update 00:00..03:00 ? unattributed -: plan a>b
    06:00/1 [2-3] update 03:00..06:00 ? unattributed -: plan b>c
    09:00/1 [3-4] update 06:00..09:00 ? unattributed -: plan c>d
"""
WITHOUT_2 = """
    06:00/1 [2-3] update 03:00..06:00 ? unattributed -: plan a>c
    09:00/1 [3-4] update 06:00..09:00 ? unattributed -: plan c>d
"""
UNKNOWN_2 = """
    06:00/1 [1-3] update 00:00..06:00 ? unattributed -: plan a>c
    09:00/1 [3-4] update 06:00..09:00 ? unattributed -: plan c>d
"""
UNKNOWN_3 = """
    03:00/1 [1-2] update 00:00..03:00 ? unattributed -: plan a>b
    09:00/1 [2-4] update 03:00..09:00 ? unattributed -: plan b>d
"""
LOOSE = """
alter table helpdesk.contact_snapshots drop constraint contact_snapshots_pkey, drop constraint contact_snapshots_snapshot_id_fkey;
alter table helpdesk.snapshots drop constraint snapshots_pkey, drop constraint snapshots_captured_at_key;
alter table helpdesk.contact_snapshots alter snapshot_id drop not null, alter contact_id drop not null, alter deleted drop not null;
alter table helpdesk.snapshots alter snapshot_id drop not null, alter captured_at drop not null, alter kind drop not null;
alter table helpdesk.snapshots drop constraint snapshots_kind_check;
"""
COPY = "insert into helpdesk.contact_snapshots select {} from helpdesk.contact_snapshots where snapshot_id = {}"
AS_IT_IS = "snapshot_id, contact_id, account_id, name, email, primary_phone, custom_fields, created_at, deleted"


@pytest.fixture
def pipeline(helpdesk_dsn: str, audit_dsn: str) -> Pipeline:
    return new_pipeline(helpdesk_dsn, audit_dsn)


def rejected(dsn: str) -> list[tuple[Any, ...]]:
    rows = query(dsn, "select snapshot_id, contact_id, used, reason from audit.rejected_rows order by 1, 2, 4")
    return [tuple(row.values()) for row in rows]


@pytest.mark.parametrize(
    ("change", "events", "reasons"),
    [
        (COPY.format(AS_IT_IS, 2), TOLD, []),
        (COPY.format(AS_IT_IS, 3), TOLD, []),
        (
            COPY.format(AS_IT_IS.replace("name", "'Bea'"), 2),
            UNKNOWN_2,
            [(2, "1", False, "rows of one snapshot_id and contact_id differ")] * 2,
        ),
        (
            COPY.format(AS_IT_IS.replace("name", "'Bea'"), 3),
            UNKNOWN_3,
            [(3, "1", False, "rows of one snapshot_id and contact_id differ")] * 2,
        ),
        (
            "update helpdesk.contact_snapshots set deleted = null where snapshot_id = 2",
            UNKNOWN_2,
            [(2, "1", False, "deleted is null")],
        ),
        (
            COPY.format(AS_IT_IS.replace("contact_id", "null"), 2),
            TOLD,
            [(2, None, False, "contact_id is null")],
        ),
        (
            "update helpdesk.contact_snapshots set contact_id = null where snapshot_id = 2",
            WITHOUT_2,
            [(2, None, False, "contact_id is null")],
        ),
        (
            COPY.format(AS_IT_IS.replace("snapshot_id", "77"), 2),
            TOLD,
            [(77, "1", False, "snapshot_id 77 is no capture that can be used")],
        ),
        (
            "update helpdesk.contact_snapshots set created_at = '20240-01-01' where snapshot_id = 2",
            TOLD,
            [(2, "1", True, "created_at lies beyond the years 2 to 9998")],
        ),
    ],
)
def test_a_row_of_a_capture_that_nothing_keeps_in_order(
    change: str, events: str, reasons: list[Any], pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    write_world(helpdesk_dsn, world_of(STORY))
    query(helpdesk_dsn, LOOSE)
    query(helpdesk_dsn, change)
    backfill(pipeline, **SPAN)
    assert logged(audit_dsn) == expected(events)
    assert rejected(audit_dsn) == reasons
    sync(pipeline, moment("12:00"))
    assert logged(audit_dsn) == expected(events)


@pytest.mark.parametrize("snapshot_id", ["77", "null"])
def test_a_row_of_no_capture_does_not_stand_for_one_that_lacks_its_contact(
    snapshot_id: str, helpdesk_dsn: str, audit_dsn: str
) -> None:
    write_world(helpdesk_dsn, world_of(STORY))
    query(helpdesk_dsn, LOOSE)
    query(helpdesk_dsn, f"update helpdesk.contact_snapshots set snapshot_id = {snapshot_id} where snapshot_id = 2")
    told = """
        03:00/1 [1-2] delete 00:00..03:00 ? unattributed -: plan a>null, name Ann>null
        06:00/1 [2-3] create 03:00..06:00 ? unattributed -: plan null>c, name null>Ann
        09:00/1 [3-4] update 06:00..09:00 ? unattributed -: plan c>d
    """
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0)
    backfill(pipeline, **SPAN)
    assert sorted(logged(audit_dsn)) == sorted(expected(told))
    reason = "snapshot_id is null" if snapshot_id == "null" else "snapshot_id 77 is no capture that can be used"
    assert [row[-1] for row in rejected(audit_dsn)] == [reason]
    sync(pipeline, moment("12:00"))
    assert sorted(logged(audit_dsn)) == sorted(expected(told))


def test_a_capture_that_cannot_be_used_is_told_and_its_rows_are_rejected(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    write_world(helpdesk_dsn, world_of(STORY))
    query(helpdesk_dsn, LOOSE)
    query(helpdesk_dsn, "update helpdesk.snapshots set captured_at = '0044-03-15 BC' where snapshot_id = 2")
    report = backfill(pipeline, **SPAN)
    assert any("captured_at lies beyond the years 2 to 9998" in note for note in report.notes)
    assert rejected(audit_dsn) == [(2, "1", False, "snapshot_id 2 is no capture that can be used")]
    told = ["06:00/1 [1-3] update 00:00..06:00 ? unattributed -: plan a>c"]
    assert logged(audit_dsn) == told + expected(TOLD)[2:]


def test_materialized_views_in_other_types_and_orders_are_read(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    write_world(helpdesk_dsn, world_of(STORY + "    05:00 update #1 ann plan:b>c\n"))
    query(
        helpdesk_dsn,
        """
        alter schema helpdesk rename to base;
        create schema helpdesk;
        create materialized view helpdesk.snapshots as
        select kind::varchar, captured_at at time zone 'UTC' as captured_at, snapshot_id::numeric from base.snapshots;
        create view helpdesk.contact_snapshots as
        select 1 as more, deleted::int, custom_fields::text, created_at, name::char(20), email, primary_phone,
        account_id::int, contact_id::text, snapshot_id::text from base.contact_snapshots;
        create materialized view helpdesk.contact_journal as
        select changes::json, ip_address::text, channel, author_name, author_id, author_type, action, occurred_at, recorded_at,
        account_id, contact_id, entry_id from base.contact_journal;
        create view helpdesk.custom_fields as select * from base.custom_fields
        """,
    )
    backfill(pipeline, **SPAN)
    first, _, last = expected(TOLD)
    assert logged(audit_dsn) == [first, "06:00/1 [2-3] update 05:00 ann recorded #1: plan b>c", last]
    assert query(audit_dsn, "select name from audit.contacts") == [{"name": "Ann"}]
    assert rejected(audit_dsn) == []


@pytest.mark.parametrize(
    ("change", "reason", "used"),
    [
        ("changes = left(changes::text, 30)", "changes is no JSON that can be kept", False),
        ('changes = \'[{"field": "\\u0000"}]\'', "changes is no JSON that can be kept", False),
        ("ip_address = 'fe80::1%%eth0'", "ip_address 'fe80::1%eth0' names a zone", True),
        ("occurred_at = '20240-01-01'", "occurred_at lies beyond the years 2 to 9998", False),
        ("occurred_at = 'infinity', recorded_at = '-infinity'", "occurred_at lies beyond the years 2 to 9998", False),
        ("recorded_at = '20240-01-01'", "recorded_at is null or lies beyond the years 2 to 9998", True),
    ],
)
def test_one_value_of_an_entry_takes_nothing_else_down(
    change: str, reason: str, used: bool, pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    entries = "    01:00 update #1 ann plan:a>b\n    05:00 update #2 ann plan:b>c\n"
    write_world(helpdesk_dsn, world_of(STORY + entries))
    query(
        helpdesk_dsn,
        "alter table helpdesk.contact_journal alter changes type text, alter ip_address type text using host(ip_address)",
    )
    query(helpdesk_dsn, f"update helpdesk.contact_journal set {change.replace('%%', '%')} where entry_id = 1")
    report = backfill(pipeline, **SPAN)
    rows = query(audit_dsn, "select entry_id, used, reason from audit.rejected_rows")
    assert [tuple(row.values()) for row in rows] == [(1, used, reason)]
    assert report.entries == 2
    told = logged(audit_dsn)
    assert told[1] == "06:00/1 [2-3] update 05:00 ann recorded #2: plan b>c"
    assert ("recorded #1" in told[0]) == used


def test_a_database_that_does_not_say_what_its_texts_are_is_refused(postgres: Any, audit_dsn: str) -> None:
    query_admin = postgres.dsn("postgres")
    connection = psycopg2.connect(query_admin)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("create database in_ascii template template0 encoding 'SQL_ASCII' locale 'C'")
        try:
            with pytest.raises(SourceError, match="has the encoding SQL_ASCII"):
                sync(new_pipeline(postgres.dsn("in_ascii"), audit_dsn), moment("03:00"))
        finally:
            cursor.execute("drop database in_ascii with (force)")
    connection.close()
