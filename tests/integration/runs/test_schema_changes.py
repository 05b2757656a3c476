"""A field that changes for all contacts of an account at once is one record of a schema change, and the log still conserves."""

from collections.abc import Callable
from typing import Any

import pytest

from contact_audit.runs.pipeline import Pipeline
from tests.support.compact import moment
from tests.support.runs import backfill, new_pipeline, query, stored, sync
from tests.support.worlds import write_world

SPAN = {"from_": moment("00:00").isoformat(), "to": moment("12:00").isoformat()}
MANY = range(1, 13)
Fields = dict[str, Any]


@pytest.fixture
def pipeline(helpdesk_dsn: str, audit_dsn: str) -> Pipeline:
    return new_pipeline(helpdesk_dsn, audit_dsn)


def world(*captures: Callable[[int], Fields | None], kind: str = "full", entries: list[Fields] | None = None) -> Fields:
    """A capture every three hours from midnight on: a contact's row in each, by its id; None leaves it out. Account 1."""
    made: Fields = {"snapshots": [], "contact_snapshots": [], "contact_journal": entries or []}
    for number, of in enumerate(captures, start=1):
        at = moment(f"{3 * (number - 1)}:00").isoformat()
        made["snapshots"].append({"snapshot_id": number, "captured_at": at, "kind": "full" if number == 1 else kind})
        for contact_id in [*MANY, 50]:
            row = of(contact_id)
            if row is not None:
                plain = {
                    "account_id": 1,
                    "name": f"c{contact_id}",
                    "email": None,
                    "primary_phone": None,
                    "deleted": False,
                }
                rest = {"snapshot_id": number, "contact_id": contact_id, "created_at": None, "custom_fields": {}}
                made["contact_snapshots"].append(plain | rest | row)
    return made


def plan(contact_id: int) -> Fields | None:
    """Each of the many has a plan; contact 50 has none."""
    return {"custom_fields": {"plan": f"p{contact_id}"} if contact_id in MANY else {}}


def tier(contact_id: int) -> Fields | None:
    """The same values under another name."""
    return {"custom_fields": {"tier": f"p{contact_id}"} if contact_id in MANY else {}}


def bare(contact_id: int) -> Fields | None:
    return {"custom_fields": {}}


def changes(dsn: str) -> list[tuple[Any, ...]]:
    rows = query(dsn, "select * from audit.schema_changes order by window_end, account_id, field")
    names = ("account_id", "kind", "field", "renamed_to", "contacts", "previous_snapshot_id", "snapshot_id")
    return [tuple(row[name] for name in names) for row in rows]


def values(dsn: str, contact_id: int) -> list[tuple[str, Any, Any]]:
    rows = query(
        dsn, "select * from audit.schema_change_values where contact_id = %s order by field", (str(contact_id),)
    )
    return [(row["field"], row["old"], row["new"]) for row in rows]


def events(dsn: str) -> list[tuple[Any, ...]]:
    rows = query(dsn, "select * from audit.contact_audit_log order by contact_id::bigint, window_end, sequence")
    return [(row["contact_id"], row["attribution"], row["journal_entry_id"], row["changes"]) for row in rows]


def entry(entry_id: int, contact_id: int, items: Any, at: str = "01:00") -> Fields:
    author = {"author_type": "agent", "author_id": "7", "author_name": "Ann", "ip_address": None, "channel": "api"}
    when = {"occurred_at": moment(at).isoformat(), "recorded_at": moment(at).isoformat()}
    about = {"entry_id": entry_id, "contact_id": contact_id, "account_id": 1, "action": "update", "changes": items}
    return about | when | author


@pytest.mark.parametrize("kind", ["full", "changed"])
def test_a_field_gone_from_all_contacts_is_one_record_and_no_event(
    kind: str, pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    left = (lambda contact_id: bare(contact_id) if contact_id in MANY else None) if kind == "changed" else bare
    write_world(helpdesk_dsn, world(plan, left, kind=kind))
    report = backfill(pipeline, **SPAN)
    assert (report.schema_changes, report.events) == (1, 0)
    assert changes(audit_dsn) == [("1", "disappeared", "custom_fields.plan", None, 12, 1, 2)]
    assert values(audit_dsn, 3) == [("custom_fields.plan", "p3", None)]
    (row,) = query(audit_dsn, "select custom_fields from audit.contacts where contact_id = '3'")
    assert row["custom_fields"] == {}


def test_a_field_new_in_all_contacts_is_one_record_and_a_contact_born_with_it_is_an_event(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    new = lambda contact_id: {"custom_fields": {"plan": "free"}}  # noqa: E731
    first = lambda contact_id: bare(contact_id) if contact_id in MANY else None  # noqa: E731
    write_world(helpdesk_dsn, world(first, new))
    backfill(pipeline, **SPAN)
    assert changes(audit_dsn) == [("1", "appeared", "custom_fields.plan", None, 12, 1, 2)]
    assert values(audit_dsn, 3) == [("custom_fields.plan", None, "free")]
    assert [event[:2] for event in events(audit_dsn)] == [("50", "unattributed")]


def test_a_field_with_the_same_values_under_another_name_is_renamed(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    write_world(helpdesk_dsn, world(plan, tier))
    backfill(pipeline, **SPAN)
    assert changes(audit_dsn) == [("1", "renamed", "custom_fields.plan", "custom_fields.tier", 12, 1, 2)]
    assert values(audit_dsn, 3) == [("custom_fields.plan", "p3", None), ("custom_fields.tier", None, "p3")]
    assert events(audit_dsn) == []


def test_other_values_under_another_name_are_a_field_gone_and_events_where_not_all_have_the_new_one(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    other = lambda contact_id: {"custom_fields": {"tier": "x"} if contact_id in MANY else {}}  # noqa: E731
    write_world(helpdesk_dsn, world(plan, other))
    backfill(pipeline, **SPAN)
    assert changes(audit_dsn) == [("1", "disappeared", "custom_fields.plan", None, 12, 1, 2)]
    change = {"field": "custom_fields.tier", "old": None, "new": "x"}
    assert events(audit_dsn) == [(str(one), "unattributed", None, [change]) for one in MANY]


def test_a_column_that_empties_for_all_contacts_is_a_schema_change_too(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    write_world(helpdesk_dsn, world(lambda contact_id: {"primary_phone": f"+{contact_id}"}, bare))
    backfill(pipeline, **SPAN)
    assert changes(audit_dsn) == [("1", "disappeared", "primary_phone", None, 13, 1, 2)]


def test_where_one_contact_keeps_the_field_the_others_changes_are_events(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    kept = lambda contact_id: plan(contact_id) if contact_id == 12 else bare(contact_id)  # noqa: E731
    write_world(helpdesk_dsn, world(plan, kept))
    backfill(pipeline, **SPAN)
    assert changes(audit_dsn) == []
    assert [event[0] for event in events(audit_dsn)] == [str(one) for one in MANY if one != 12]


def test_another_accounts_contacts_do_not_count(pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str) -> None:
    def first(contact_id: int) -> Fields:
        return {"custom_fields": {"plan": "p"}, "account_id": 2 if contact_id == 50 else 1}

    def second(contact_id: int) -> Fields:
        return first(contact_id) if contact_id == 50 else {}

    write_world(helpdesk_dsn, world(first, second))
    backfill(pipeline, **SPAN)
    assert changes(audit_dsn) == [("1", "disappeared", "custom_fields.plan", None, 12, 1, 2)]


@pytest.mark.parametrize(("at_least", "expected"), [(13, 0), (12, 1)])
def test_few_contacts_are_no_schema_change(at_least: int, expected: int, helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(helpdesk_dsn, world(plan, bare))
    report = backfill(new_pipeline(helpdesk_dsn, audit_dsn, schema_change_contacts=at_least), **SPAN)
    assert (report.schema_changes, report.events) == (expected, 0 if expected else 12)


def test_an_entry_that_names_the_field_keeps_its_event_and_no_other_entry_gets_one(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    pin = {"field": "custom_fields.plan", "old": "p3", "new": "z"}
    entries = [entry(1, 1, [{"field": "custom_fields.plan"}]), entry(2, 2, None), entry(3, 3, [pin])]
    write_world(helpdesk_dsn, world(plan, bare, entries=entries))
    backfill(pipeline, **SPAN)
    assert changes(audit_dsn) == [("1", "disappeared", "custom_fields.plan", None, 11, 1, 2)]
    assert events(audit_dsn) == [
        ("1", "matched", 1, [{"field": "custom_fields.plan", "old": "p1", "new": None}]),
        ("3", "recorded", 3, [pin]),
    ]
    assert values(audit_dsn, 3) == [("custom_fields.plan", "z", None)]
    rows = query(audit_dsn, "select entry_id, reason from audit.entries_without_event")
    assert [tuple(row.values()) for row in rows] == [(2, "no_known_effect")]


def test_window_by_window_and_again_gives_the_same_records(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str, new_database: Any, _audit_template: str
) -> None:
    write_world(helpdesk_dsn, world(plan, tier, bare, plan))
    backfill(pipeline, **SPAN)
    before = stored(audit_dsn)
    assert [kind for _, kind, *_ in changes(audit_dsn)] == ["renamed", "disappeared"]
    assert len(events(audit_dsn)) == 12  # back again, but not in contact 50
    whole = query(audit_dsn, "select * from audit.schema_changes order by 1")
    backfill(pipeline, "again", force=True, **SPAN)
    assert query(audit_dsn, "select * from audit.schema_changes order by 1") == whole
    other = str(new_database(_audit_template))
    for clock in ("00:00", "03:00", "06:00", "09:00"):
        sync(new_pipeline(helpdesk_dsn, other), moment(clock))
    assert stored(other) == before


def test_a_late_entry_takes_its_contact_out_of_the_record(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    write_world(helpdesk_dsn, world(plan, bare, bare))
    sync(pipeline, moment("00:00"))
    sync(pipeline, moment("03:00"))
    late = entry(1, 1, [{"field": "custom_fields.plan"}]) | {"recorded_at": moment("04:00").isoformat()}
    write_world(helpdesk_dsn, {"snapshots": [], "contact_snapshots": [], "contact_journal": [late]})
    sync(pipeline, moment("06:00"))
    assert changes(audit_dsn) == [("1", "disappeared", "custom_fields.plan", None, 11, 1, 2)]
    assert values(audit_dsn, 1) == []
    assert [event[:3] for event in events(audit_dsn)] == [("1", "matched", 1)]


def test_contacts_that_move_do_not_count_and_their_moves_are_events(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    """One arrives with a value of the field that is gone for all who stayed, and one has left with his."""

    def before(contact_id: int) -> Fields | None:
        return (plan(contact_id) or {}) | {"account_id": 2 if contact_id == 11 else 1}

    def now(contact_id: int) -> Fields | None:
        moves = contact_id in (11, 12)
        return {"custom_fields": {"plan": "p"} if moves else {}, "account_id": 2 if contact_id == 12 else 1}

    write_world(helpdesk_dsn, world(before, now))
    backfill(pipeline, **SPAN)
    assert changes(audit_dsn) == [("1", "disappeared", "custom_fields.plan", None, 10, 1, 2)]
    log = query(audit_dsn, "select * from audit.contact_audit_log order by contact_id")
    told = [(row["contact_id"], row["account_id"], [one["field"] for one in row["changes"]]) for row in log]
    assert told == [
        ("11", "2", ["account_id", "custom_fields.plan"]),
        ("12", "1", ["account_id", "custom_fields.plan"]),
    ]


def test_a_contact_with_an_unusable_row_does_not_hide_a_schema_change(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    write_world(helpdesk_dsn, world(plan, lambda one: {"custom_fields": "bad"} if one == 12 else bare(one), bare))
    backfill(pipeline, **SPAN)
    assert changes(audit_dsn) == [("1", "disappeared", "custom_fields.plan", None, 11, 1, 2)]
    told = query(
        audit_dsn, "select contact_id, previous_snapshot_id, snapshot_id, changes from audit.contact_audit_log"
    )
    assert [tuple(row.values()) for row in told] == [
        ("12", 1, 3, [{"field": "custom_fields.plan", "old": "p12", "new": None}])
    ]
