"""What went wrong elsewhere, as far as a database is needed to show it; tests/unit/evidence/test_pitfalls.py has the table of cases."""

from datetime import UTC, datetime
from typing import Any

from tests.support.compact import expected, logged, moment, world_of
from tests.support.runs import backfill, new_pipeline, query, stored, sync
from tests.support.worlds import random_world, write_world

SPAN = {"from_": moment("-3:00").isoformat(), "to": moment("12:00").isoformat()}


def test_history_loaded_years_later_bears_the_times_of_its_evidence(
    helpdesk_dsn: str, new_database: Any, _audit_template: str
) -> None:
    world = random_world(5, contacts=8, captures=8, hardness=0.7)
    write_world(helpdesk_dsn, world)
    seen = []
    for year in (2021, 2026):
        dsn = new_database(_audit_template)
        now = datetime(year, 1, 1, tzinfo=UTC)
        backfill(new_pipeline(helpdesk_dsn, dsn, brake_share=1.0), now=now, to="2019-10-06T00:00:00Z")
        seen.append(stored(dsn))
    assert seen[0] == seen[1]
    log = seen[0]["contact_audit_log"]
    assert log
    latest = max(max(row["occurred_at"], row["window_end"]) for row in log)
    assert latest < datetime(2019, 10, 6, tzinfo=UTC)


def test_a_field_deleted_from_the_helpdesk_keeps_its_label(helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(helpdesk_dsn, world_of("00:00 capture#1 plan=a\n 03:00 capture#2 plan=b"))
    query(helpdesk_dsn, "insert into helpdesk.custom_fields values (1, 'plan', 'Subscription plan', 'dropdown')")
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn)
    sync(pipeline, moment("03:00"))
    query(helpdesk_dsn, "delete from helpdesk.custom_fields")
    write_world(helpdesk_dsn, world_of("06:00 capture#3 plan=c"))
    sync(pipeline, moment("06:00"))
    seen = query(audit_dsn, "select label, field_type, new_value from audit.contact_field_changes order by occurred_at")
    assert [tuple(row.values()) for row in seen] == [
        ("Subscription plan", "dropdown", "b"),
        ("Subscription plan", "dropdown", "c"),
    ]


def test_a_fields_type_of_today_changes_no_comparison(
    helpdesk_dsn: str, new_database: Any, _audit_template: str
) -> None:
    write_world(
        helpdesk_dsn,
        world_of('00:00 capture seats="1" tags="a,b" vip=1\n 03:00 capture seats=1 tags=["a","b"] vip=true'),
    )
    seen = []
    for types in (None, ("number", "multiple_choice", "checkbox"), ("text", "text", "text")):
        query(helpdesk_dsn, "delete from helpdesk.custom_fields")
        for key, field_type in zip(("seats", "tags", "vip"), types or (), strict=False):
            query(helpdesk_dsn, "insert into helpdesk.custom_fields values (1, %s, %s, %s)", (key, key, field_type))
        dsn = new_database(_audit_template)
        backfill(new_pipeline(helpdesk_dsn, dsn), **SPAN)
        seen.append(logged(dsn))
    event = '03:00/1 [1-2] update 00:00..03:00 ? unattributed -: seats 1>1, tags "a,b">["a","b"], vip 1>true'
    assert seen == [[event]] * 3


def test_ids_beyond_a_doubles_precision_stay_themselves(helpdesk_dsn: str, audit_dsn: str) -> None:
    world = world_of(
        f"""
        00:00 capture#{2**53 + 1} plan=a
        01:00 update #{2**53 + 1} ann plan
        02:00 update #{2**53 + 3} bo email
        02:30 update #{2**53 + 5} bo plan
        03:00 capture#{2**53 + 3} plan=b email=x
        """
    )
    for table in ("contact_snapshots", "contact_journal"):
        for row in world[table]:
            row |= {"contact_id": 2**53 + 1, "account_id": 2**53 + 7}
        world[table] += [{**row, "contact_id": 2**53} for row in world[table]]
    for row in world["contact_journal"][3:]:
        row["entry_id"] += 100
    write_world(helpdesk_dsn, world)
    # Entries without an account, so that the column has blanks.
    query(helpdesk_dsn, "alter table helpdesk.contact_journal alter column account_id drop not null")
    query(helpdesk_dsn, "update helpdesk.contact_journal set account_id = null where entry_id > %s", (2**53 + 100,))
    for clock in ("00:00", "03:00"):
        sync(new_pipeline(helpdesk_dsn, audit_dsn), moment(clock))
    log = query(
        audit_dsn,
        "select contact_id, account_id, journal_entry_id, candidates, previous_snapshot_id, snapshot_id "
        "from audit.contact_audit_log order by contact_id, sequence",
    )
    account, captures = str(2**53 + 7), (2**53 + 1, 2**53 + 3)
    assert [tuple(row.values()) for row in log] == [
        (str(2**53), account, 2**53 + 103, None, *captures),
        (str(2**53), account, None, [2**53 + 101, 2**53 + 105], *captures),
        (str(2**53 + 1), account, 2**53 + 3, None, *captures),
        (str(2**53 + 1), account, None, [2**53 + 1, 2**53 + 5], *captures),
    ]
    contacts = query(audit_dsn, "select contact_id, account_id, snapshot_id from audit.contacts order by 1")
    assert [tuple(row.values()) for row in contacts] == [
        (str(contact), account, captures[1]) for contact in (2**53, 2**53 + 1)
    ]


def test_the_databases_time_zones_change_no_row(helpdesk_dsn: str, new_database: Any, _audit_template: str) -> None:
    write_world(helpdesk_dsn, random_world(6, contacts=8, captures=8, hardness=0.7))
    seen = []
    for zone in ("UTC", "Asia/Kathmandu", "America/St_Johns"):
        dsn = new_database(_audit_template)
        for database in (helpdesk_dsn, dsn):
            (name,) = query(database, "select current_database() as it")
            query(database, f"alter database {name['it']} set timezone = '{zone}'")
        backfill(new_pipeline(helpdesk_dsn, dsn, brake_share=1.0), to="2019-10-06T00:00:00Z")
        seen.append(stored(dsn))
    assert seen[0]["contact_audit_log"]
    assert seen[0] == seen[1] == seen[2]


def test_in_a_source_without_any_capture_entries_are_events_by_themselves(helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(
        helpdesk_dsn,
        world_of(
            "01:00 create #1 ann plan:>a\n 02:00 update #2 bo plan:a>b\n 04:00 update #3 bo plan\n 05:00 delete #4 ann"
        ),
    )
    backfill(new_pipeline(helpdesk_dsn, audit_dsn), **SPAN)
    assert logged(audit_dsn) == expected(
        """
        03:00/1 [-] create 01:00 ann unconfirmed #1: plan null>a
        03:00/2 [-] update 02:00 bo unconfirmed #2: plan a>b
        06:00/1 [-] delete 05:00 ann unconfirmed #4:
        #3 no_known_effect
        """
    )
