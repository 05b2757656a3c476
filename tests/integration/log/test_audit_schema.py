"""The audit schema refuses what the code must not do.

Each case changes one thing in a row that stands, so that the constraint it names is the one that speaks.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2 import errors, sql
from psycopg2.extensions import cursor as Cursor

WORLDS = Path(__file__).parents[2] / "fixtures" / "worlds"
PHONE = {"field": "primary_phone", "old": "+49 30 1", "new": "+49 30 2"}

RECORDED = {
    "event_id": "00000000-0000-0000-0000-000000000001",
    "account_id": "1",
    "contact_id": "4711",
    "action": "update",
    "author_type": "agent",
    "author_id": "7",
    "author_name": "Ann Agent",
    "ip_address": "10.0.0.7",
    "channel": "agent_panel",
    "occurred_at": "2026-11-23 10:42:07+00",
    "occurred_after": "2026-11-23 10:42:07+00",
    "sequence": 1,
    "changes": [PHONE],
    "attribution": "recorded",
    "journal_entry_id": 900,
    "candidates": None,
    "previous_snapshot_id": 20871,
    "snapshot_id": 20872,
    "window_start": "2026-11-23 09:00:00+00",
    "window_end": "2026-11-23 12:00:00+00",
    "rules_version": 1,
    "run_id": "test",
}
NOBODY = {"author_type": "unknown", "author_id": None, "author_name": None}
SPAN = {"occurred_after": "2026-11-23 09:00:00+00", "occurred_at": "2026-11-23 12:00:00+00"}
UNATTRIBUTED = (
    RECORDED
    | NOBODY
    | SPAN
    | {"attribution": "unattributed", "journal_entry_id": None, "ip_address": None, "channel": None}
)
MERGE = {"action": "delete", "channel": "merge", "merged_into": "99"}
AMBIGUOUS = RECORDED | NOBODY | SPAN | {"attribution": "ambiguous", "journal_entry_id": None, "candidates": [900, 901]}
BEFORE_ALL_CAPTURES = RECORDED | {"attribution": "unconfirmed", "previous_snapshot_id": None, "snapshot_id": None}
LEDGER = {
    "kind": "load",
    "window_start": "2026-11-23 09:00:00+00",
    "window_end": "2026-11-23 12:00:00+00",
    "events": 3,
    "entries_without_event": 0,
    "rejected": 0,
    "superseded": 0,
    "captures": "{20872}",
    "whole": True,
    "rules_version": 1,
    "run_id": "test",
}
REJECTED = {
    "relation": "contact_journal",
    "entry_id": 900,
    "used": False,
    "row": {"entry_id": 900, "action": "merge"},
    "reason": "unknown action",
    "window_start": "2026-11-23 09:00:00+00",
    "window_end": "2026-11-23 12:00:00+00",
    "run_id": "test",
}


@pytest.fixture
def cursor(audit_dsn: str) -> Iterator[Cursor]:
    """In a transaction that is rolled back."""
    connection = psycopg2.connect(audit_dsn)
    try:
        yield connection.cursor()
    finally:
        connection.close()


def insert(cursor: Cursor, table: str, row: dict[str, Any]) -> None:
    """One row of audit.<table>; lists and objects go in as jsonb."""
    cursor.execute(
        sql.SQL("insert into audit.{} ({}) values ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join([sql.Placeholder()] * len(row)),
        ),
        [json.dumps(value) if isinstance(value, list | dict) else value for value in row.values()],
    )


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(RECORDED, id="an update that the journal recorded"),
        pytest.param(UNATTRIBUTED, id="a change that nobody is known to have made"),
        pytest.param(UNATTRIBUTED | MERGE, id="a merge by nobody known"),
        pytest.param(RECORDED | MERGE | {"on_behalf_of": "Bo (8)"}, id="a merge in another's name"),
        pytest.param(AMBIGUOUS, id="a change that one of two made"),
        pytest.param(AMBIGUOUS | {"occurred_after": SPAN["occurred_at"]}, id="two candidates at one moment"),
        pytest.param(
            AMBIGUOUS | {"attribution": "matched", "author_type": "agent", "author_id": "7"},
            id="candidates of one author",
        ),
        pytest.param(RECORDED | {"author_type": "unknown"}, id="an entry whose author's type is unknown"),
        pytest.param(BEFORE_ALL_CAPTURES, id="an entry before the first capture"),
        pytest.param(RECORDED | {"action": "create", "changes": []}, id="a contact born without a value"),
        pytest.param(RECORDED | {"changes": [PHONE | {"old": None, "new": ""}]}, id="from none to empty"),
        pytest.param(
            RECORDED | {"changes": [PHONE | {"old": ["a", "b"], "new": ["b"]}]}, id="a list that lost an element"
        ),
        pytest.param(RECORDED | {"changes": [PHONE | {"old": "1", "new": 1}]}, id="from a text to a number"),
        pytest.param(
            UNATTRIBUTED | {"occurred_at": "1987-01-01", "occurred_after": "1987-01-01"}, id="a clock far off"
        ),
    ],
)
def test_the_log_takes(cursor: Cursor, row: dict[str, Any]) -> None:
    insert(cursor, "contact_audit_log", row)


@pytest.mark.parametrize(
    ("row", "constraint"),
    [
        pytest.param(RECORDED | {"action": "merge"}, "action_is_known", id="an action of its own"),
        pytest.param(RECORDED | {"author_type": "robot"}, "author_type_is_known", id="a kind of author of its own"),
        pytest.param(RECORDED | {"attribution": "guessed"}, "attribution_has_its_evidence", id="a guess"),
        pytest.param(
            RECORDED | {"journal_entry_id": None}, "attribution_has_its_evidence", id="recorded without an entry"
        ),
        pytest.param(
            RECORDED | {"attribution": "unconfirmed", "journal_entry_id": None},
            "attribution_has_its_evidence",
            id="unconfirmed without an entry",
        ),
        pytest.param(
            RECORDED | {"candidates": [900, 901]}, "attribution_has_its_evidence", id="an entry and candidates"
        ),
        pytest.param(
            RECORDED | {"attribution": "matched", "candidates": [900, 901]},
            "attribution_has_its_evidence",
            id="matched to an entry and to candidates",
        ),
        pytest.param(
            RECORDED | {"attribution": "inferred", "journal_entry_id": None},
            "attribution_has_its_evidence",
            id="inferred from nothing",
        ),
        pytest.param(AMBIGUOUS | {"candidates": None}, "attribution_has_its_evidence", id="ambiguous between none"),
        pytest.param(
            UNATTRIBUTED | {"candidates": [900, 901]},
            "attribution_has_its_evidence",
            id="unattributed, with candidates",
        ),
        pytest.param(
            UNATTRIBUTED | {"journal_entry_id": 900, "occurred_after": UNATTRIBUTED["occurred_at"]},
            "attribution_has_its_evidence",
            id="unattributed, with an entry",
        ),
        pytest.param(AMBIGUOUS | {"candidates": [900]}, "candidates_are_several", id="a single candidate"),
        pytest.param(
            AMBIGUOUS | {"candidates": {"1": 900}}, "candidates_are_several", id="candidates that are no list"
        ),
        pytest.param(AMBIGUOUS | {"candidates": "null"}, "candidates_are_several", id="a json null for no candidates"),
        pytest.param(
            AMBIGUOUS | {"action": "delete"}, "candidates_are_of_an_update", id="several who may have deleted"
        ),
        pytest.param(AMBIGUOUS | {"author_id": "7"}, "nobody_is_named_without_evidence", id="ambiguous, with a name"),
        pytest.param(
            UNATTRIBUTED | {"author_type": "agent"}, "nobody_is_named_without_evidence", id="unattributed to an agent"
        ),
        pytest.param(
            UNATTRIBUTED | {"channel": "api"}, "nothing_is_known_of_the_unattributed", id="unattributed by a channel"
        ),
        pytest.param(
            UNATTRIBUTED | {"on_behalf_of": "Bo (8)"},
            "nothing_is_known_of_the_unattributed",
            id="unattributed in another's name",
        ),
        pytest.param(RECORDED | MERGE | {"action": "update"}, "a_merge_is_a_delete", id="a merge that is no delete"),
        pytest.param(RECORDED | MERGE | {"channel": "api"}, "a_merge_is_a_delete", id="a merge by another channel"),
        pytest.param(
            RECORDED | MERGE | {"merged_into": RECORDED["contact_id"]}, "a_merge_is_a_delete", id="merged into itself"
        ),
        pytest.param(
            UNATTRIBUTED | {"ip_address": "10.0.0.7"},
            "nothing_is_known_of_the_unattributed",
            id="unattributed from an address",
        ),
        pytest.param(
            UNATTRIBUTED | {"occurred_after": "2026-11-23 12:00:01+00"},
            "span_has_a_direction",
            id="a span that ends first",
        ),
        pytest.param(
            RECORDED | {"occurred_after": "2026-11-23 10:00:00+00"},
            "an_entry_tells_the_moment",
            id="a moment that is a span",
        ),
        pytest.param(RECORDED | {"previous_snapshot_id": None}, "captures_come_in_pairs", id="half a pair"),
        pytest.param(RECORDED | {"snapshot_id": 20871}, "captures_of_a_pair_differ", id="a pair of one capture"),
        pytest.param(
            BEFORE_ALL_CAPTURES | {"attribution": "recorded"},
            "before_the_first_capture_nothing_is_confirmed",
            id="recorded before the first capture",
        ),
        pytest.param(
            BEFORE_ALL_CAPTURES | {"occurred_at": "2026-11-23 09:00:00+00", "occurred_after": "2026-11-23 09:00:00+00"},
            "before_the_first_capture_nothing_is_confirmed",
            id="before the first capture, in another's window",
        ),
        pytest.param(RECORDED | {"changes": {"email": "a@x"}}, "changes_are_a_list", id="changes that are an object"),
        pytest.param(RECORDED | {"changes": ["email"]}, "changes_are_changes", id="a field without values"),
        pytest.param(
            RECORDED | {"changes": [{"field": "email", "new": "a@x"}]}, "changes_are_changes", id="no old value"
        ),
        pytest.param(
            RECORDED | {"changes": [PHONE | {"field": 1}]}, "changes_are_changes", id="a field without a name"
        ),
        pytest.param(
            RECORDED | {"changes": [PHONE, PHONE | {"old": "+49 30 2"}]}, "changes_are_changes", id="no change"
        ),
        pytest.param(RECORDED | {"changes": [PHONE | {"old": 1, "new": 1.0}]}, "changes_are_changes", id="1 to 1.0"),
        pytest.param(RECORDED | {"changes": []}, "an_update_changes_something", id="an update of nothing"),
        pytest.param(RECORDED | {"sequence": 0}, "sequence_starts_at_one", id="a place before the first"),
        pytest.param(RECORDED | {"rules_version": 0}, "rules_version_starts_at_one", id="rules before the first"),
        pytest.param(
            RECORDED | {"window_start": "2026-11-23 06:00:00+00"}, "window_is_three_hours", id="a window of six hours"
        ),
        pytest.param(
            RECORDED | {"window_start": "2026-11-23 10:00:00+00", "window_end": "2026-11-23 13:00:00+00"},
            "window_ends_on_a_border",
            id="a window off the border",
        ),
    ],
)
def test_the_log_refuses(cursor: Cursor, row: dict[str, Any], constraint: str) -> None:
    with pytest.raises(errors.CheckViolation) as refusal:
        insert(cursor, "contact_audit_log", row)
    assert refusal.value.diag.constraint_name == constraint


def test_an_event_stands_once(cursor: Cursor) -> None:
    insert(cursor, "contact_audit_log", RECORDED)
    with pytest.raises(errors.UniqueViolation):
        insert(cursor, "contact_audit_log", RECORDED)


@pytest.mark.parametrize("world", sorted(WORLDS.glob("*.json")), ids=lambda path: path.stem)
def test_the_log_takes_every_event_of_a_world(cursor: Cursor, world: Path) -> None:
    expected = json.loads(world.read_text(encoding="utf-8"))["expected_events"]
    for number, event in enumerate(expected):
        made = {
            "event_id": f"00000000-0000-0000-0000-{number:012}",
            "window_start": datetime.fromisoformat(event["window_end"]) - timedelta(hours=3),
        }
        insert(cursor, "contact_audit_log", RECORDED | event | made)
    cursor.execute("select count(*) from audit.contact_audit_log")
    assert cursor.fetchone() == (len(expected),)


def test_changed_fields_are_listed_for_the_index(cursor: Cursor) -> None:
    insert(cursor, "contact_audit_log", RECORDED | {"changes": [{"field": "email", "old": None, "new": "a@x"}, PHONE]})
    cursor.execute("""select fields from audit.contact_audit_log where fields @> '["email"]'""")
    assert cursor.fetchall() == [(["email", "primary_phone"],)]


@pytest.mark.parametrize(
    ("moment", "partition"),
    [
        ("2019-10-01 00:00+00", "contact_audit_log_2019"),
        ("2035-12-31 23:59:59.999999+00", "contact_audit_log_2035"),
        ("2018-12-31 23:59:59+00", "contact_audit_log_other"),
        ("2036-01-01 00:00+00", "contact_audit_log_other"),
    ],
)
def test_a_year_has_its_partition_and_no_moment_is_refused(cursor: Cursor, moment: str, partition: str) -> None:
    insert(cursor, "contact_audit_log", RECORDED | {"occurred_at": moment, "occurred_after": moment})
    cursor.execute("select tableoid::regclass::text from audit.contact_audit_log")
    assert cursor.fetchone() == (f"audit.{partition}",)


def test_a_superseded_event_keeps_every_column(cursor: Cursor) -> None:
    cursor.execute("""
        select array_agg(attname::text order by attnum) from pg_attribute
        where attrelid = 'audit.contact_audit_log'::regclass and attnum > 0
        union all
        select array_agg(attname::text order by attnum) from pg_attribute
        where attrelid = 'audit.superseded_events'::regclass and attnum > 0
    """)
    (log,), (superseded,) = cursor.fetchall()
    assert [name for name in superseded if name in log] == log
    assert set(superseded) - set(log) == {"superseded_at", "superseded_by", "reason", "superseded_in"}


def test_an_event_can_be_superseded_twice(cursor: Cursor) -> None:
    loaded = {"loaded_at": "2026-11-23 12:00:09+00"}
    for run in ("first", "second"):
        insert(cursor, "superseded_events", RECORDED | loaded | {"superseded_by": run, "reason": "late entry"})


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param({}, id="by its entry"),
        pytest.param({"entry_id": None}, id="without a key"),
        pytest.param(
            {"relation": "contact_snapshots", "entry_id": None, "snapshot_id": 5, "contact_id": "1"}, id="of a capture"
        ),
    ],
)
def test_a_rejected_row_stands_once(cursor: Cursor, keys: dict[str, Any]) -> None:
    insert(cursor, "rejected_rows", REJECTED | keys)
    with pytest.raises(errors.UniqueViolation):
        insert(cursor, "rejected_rows", REJECTED | keys)


def test_two_rejected_rows_without_a_key_both_stand(cursor: Cursor) -> None:
    insert(cursor, "rejected_rows", REJECTED | {"entry_id": None, "row": {"contact_id": None, "name": "a"}})
    insert(cursor, "rejected_rows", REJECTED | {"entry_id": None, "row": {"contact_id": None, "name": "b"}})


@pytest.mark.parametrize(
    ("row", "constraint"),
    [
        pytest.param(LEDGER | {"kind": "fix"}, "kind_is_known", id="a kind of its own"),
        pytest.param(LEDGER | {"events": -1}, "counts_are_counts", id="fewer than no events"),
        pytest.param(LEDGER | {"captures": "{20872,null}"}, "captures_have_ids", id="a capture without an id"),
        pytest.param(LEDGER | {"kind": "erase"}, "only_a_load_needs_no_reason", id="an erasure without a reason"),
        pytest.param(LEDGER | {"window_start": "2026-11-23 06:00:00+00"}, "window_is_three_hours", id="six hours"),
    ],
)
def test_the_ledger_refuses(cursor: Cursor, row: dict[str, Any], constraint: str) -> None:
    with pytest.raises(errors.CheckViolation) as refusal:
        insert(cursor, "ledger", row)
    assert refusal.value.diag.constraint_name == constraint


@pytest.mark.parametrize(
    "change", ["update audit.ledger set events = 0", "delete from audit.ledger", "truncate audit.ledger"]
)
def test_the_ledger_is_only_appended_to(cursor: Cursor, change: str) -> None:
    insert(cursor, "ledger", LEDGER)
    cursor.execute("set constraints all immediate")  # as if it were committed
    with pytest.raises(errors.RaiseException, match=f"append-only: {change.split(maxsplit=1)[0]} refused"):
        cursor.execute(change)


@pytest.mark.parametrize(
    ("table", "row", "constraint"),
    [
        pytest.param("capture_decisions", {"decision": "wait"}, "decision_is_known", id="a decision of its own"),
        pytest.param("source", {"adapter": "helpdesk", "only_row": False}, "there_is_one_source", id="another source"),
        pytest.param("state", {"only_row": False}, "there_is_one_state", id="another state"),
    ],
)
def test_what_runs_share_is_of_its_kind(cursor: Cursor, table: str, row: dict[str, Any], constraint: str) -> None:
    decision = {"snapshot_id": 1, "decided_by": "Ada", "reason": "checked"} if table == "capture_decisions" else {}
    with pytest.raises(errors.CheckViolation) as refusal:
        insert(cursor, table, decision | row)
    assert refusal.value.diag.constraint_name == constraint


def test_there_is_one_source_and_always_one_state(cursor: Cursor) -> None:
    insert(cursor, "source", {"adapter": "helpdesk"})
    with pytest.raises(errors.UniqueViolation):
        insert(cursor, "source", {"adapter": "zendesk"})
    cursor.connection.rollback()
    cursor.execute("select count(*), sum(waiting_entries), sum(healed_ledger_sequence) from audit.state")
    assert cursor.fetchone() == (1, 0, 0)
