"""Undo plans of small stories, a line a step: what is set back, what is a conflict and why, what is back already."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from contact_audit.act.choice import Choice
from contact_audit.act.import_files import FIRST_NAME, NOT_GUARDED
from contact_audit.act.reading import Found
from contact_audit.act.undo import UndoPlan, planned

NOW = datetime(2026, 1, 2, tzinfo=UTC)
START = datetime(2026, 1, 1, tzinfo=UTC)


def plan_of(
    story: str, states: dict[str, dict[str, Any] | None], gone: list[tuple[str, str]] | None = None
) -> UndoPlan:
    """A plan of steps: `event contact action field old new [options]`, in order; a * before the event: it is chosen.

    Options: by:<attribution>, via:<channel>, capture:<id> (none: before the first). Values are JSON; field - is existence.
    """
    rows = []
    for place, line in enumerate(filter(None, map(str.strip, story.splitlines()))):
        event, contact, action, field, old, new, *options = line.split()
        given = dict(option.split(":") for option in options)
        rows.append(
            {
                "contact_id": contact,
                "account_id": "1",
                "event_id": None if action == "schema_change" else event.lstrip("*"),
                "window_end": START,
                "place": float(event.lstrip("*")[1:]),
                "action": action,
                "field": "" if field == "-" else field,
                "old": old,
                "new": new,
                "chosen": event.startswith("*"),
                "attribution": given.get("by", "recorded"),
                "channel": given.get("via", "api"),
                "snapshot_id": None if given.get("capture") == "none" else int(given.get("capture", 2)),
                "occurred_at": START + timedelta(minutes=place),
                "author": f"author of {event.lstrip('*')}",
            }
        )
    steps = pd.DataFrame(rows)
    steps["snapshot_id"] = steps["snapshot_id"].astype("Int64")
    told = [
        {"contact_id": contact, "account_id": "1", "field": field, "value": json.dumps(value)}
        for contact, state in states.items()
        for field, value in ({"": state is not None} | (state or {})).items()
    ]
    missing = pd.DataFrame(gone or [], columns=["account_id", "field"])
    return planned(Found(steps, pd.DataFrame(told), missing, START), Choice.of({}), NOW)


def told(plan: UndoPlan) -> dict[str, list[tuple[Any, ...]]]:
    """The plan in short: section → (contact, field, back_to or reason or state, events)."""
    whole = json.loads(plan.as_json())
    found = {}
    for section in ("set", "recreate", "remove", "conflicts", "already_back"):
        rows = []
        for entry in whole[section]:
            what = entry.get("reason", entry.get("state", entry.get("back_to")))
            rows.append((entry["contact_id"], entry.get("field"), what, "".join(entry["events"])))
        if rows:
            found[section] = rows
    return found


def test_a_chain_collapses_to_the_value_before_the_first_chosen() -> None:
    story = """
        e1 7 update name "z" "a"
        *e2 7 update name "a" "b"
        *e3 7 update name "b" "c"
    """
    assert told(plan_of(story, {"7": {"name": "c"}})) == {"set": [("7", "name", "a", "e2e3")]}


def test_a_field_changed_since_by_others_is_a_conflict_that_says_by_whom_and_when() -> None:
    story = """
        *e1 7 update name "a" "b"
        *e1 7 update email "x" "y"
        e2 7 update name "b" "c"
    """
    plan = plan_of(story, {"7": {"name": "c", "email": "y"}})
    assert told(plan) == {"set": [("7", "email", "x", "e1")], "conflicts": [("7", "name", "changed_since", "e1")]}
    (conflict,) = json.loads(plan.as_json())["conflicts"]
    assert (conflict["now"], conflict["back_to"], conflict["changed_by"]) == ("c", "a", "author of e2")
    assert conflict["changed_at"] == "2026-01-01T00:02:00+00:00"
    assert conflict["why"] == "it was changed since, by an event that is not chosen"


def test_what_is_back_already_is_listed_as_such_whoever_did_it() -> None:
    story = """
        *e1 7 update name "a" "b"
        e2 7 update name "b" "a"
        *e3 7 update custom_fields.tags ["x"] ["x","y"]
        e4 7 update custom_fields.tags ["x","y"] ["x"]
    """
    states = {"7": {"name": "a", "custom_fields.tags": ["x"]}}
    assert set(told(plan_of(story, states))) == {"already_back"}


def test_a_deleted_contact_is_created_again_as_it_was_before_the_first_chosen_change() -> None:
    story = """
        *e1 7 update name "a" "b"
        e2 7 update email "x" "y"
        *e3 7 delete - true false
        *e3 7 delete name "b" null
        *e3 7 delete email "y" null
    """
    assert told(plan_of(story, {"7": None})) == {"recreate": [("7", None, {"name": "a", "email": "y"}, "e1e3")]}


def test_a_created_contact_is_removed_unless_somebody_has_worked_on_it_since() -> None:
    born = """
        *e1 7 create - false true
        *e1 7 create name null "a"
        *e2 7 update name "a" "b"
    """
    assert told(plan_of(born, {"7": {"name": "b"}})) == {"remove": [("7", None, None, "e1e2")]}
    worked_on = born + 'e3 7 update email null "x"'
    plan = plan_of(worked_on, {"7": {"name": "b", "email": "x"}})
    assert told(plan) == {"conflicts": [("7", "name", "stays", "e1e2"), ("7", None, "worked_on_since", "e1")]} or told(
        plan
    ) == {"conflicts": [("7", None, "worked_on_since", "e1"), ("7", "name", "stays", "e1e2")]}
    existence = next(entry for entry in json.loads(plan.as_json())["conflicts"] if entry["field"] is None)
    assert (existence["now"], existence["back_to"], existence["changed_by"]) == (True, False, "author of e3")


def test_a_contact_that_others_deleted_since_is_a_conflict() -> None:
    story = """
        *e1 7 update name "a" null
        e2 7 delete - true false
    """
    assert told(plan_of(story, {"7": None})) == {"conflicts": [("7", "name", "contact_gone", "e1")]}


def test_a_life_that_is_chosen_from_its_birth_on_and_is_over_is_back_already() -> None:
    story = """
        *e1 7 create - false true
        *e2 7 update name null "a"
        *e3 7 delete - true false
        *e3 7 delete name "a" null
    """
    back = {"already_back": [("7", None, False, "e1e3"), ("7", "name", None, "e2e3")]}
    assert told(plan_of(story, {"7": None})) == back
    by_others = story.replace("*e3", "e3")
    back = {"already_back": [("7", None, False, "e1"), ("7", "name", None, "e2")]}
    assert told(plan_of(by_others, {"7": None})) == back


def test_what_others_did_within_such_a_life_is_a_conflict() -> None:
    story = """
        *e1 7 create - false true
        e2 7 update name null "a"
        *e3 7 update name "a" "b"
        *e4 7 delete - true false
        *e4 7 delete name "b" null
    """
    assert told(plan_of(story, {"7": None})) == {
        "conflicts": [("7", "name", "worked_on_since", "e3e4")],
        "already_back": [("7", None, False, "e1e4")],
    }


def test_where_a_death_is_in_doubt_what_was_changed_before_it_stays() -> None:
    story = """
        *e1 7 update name "a" "b"
        e2 7 update email "x" "y" by:unattributed
        *e3 7 delete - true false
        *e3 7 delete name "b" null
        *e3 7 delete email "y" null
    """
    found = told(plan_of(story, {"7": None}))
    assert set(found) == {"conflicts"}
    assert ("7", None, "unattributed_beside", "e3") in found["conflicts"]
    assert ("7", "name", "stays", "e1e3") in found["conflicts"]


def test_a_former_life_of_a_contact_to_be_removed_is_over_by_others_who_are_named() -> None:
    story = """
        *e1 7 update name "a" null
        e2 7 delete - true false
        *e3 7 restore - false true
        *e3 7 restore email null "x"
    """
    plan = plan_of(story, {"7": {"email": "x"}})
    assert told(plan) == {"remove": [("7", None, None, "e3")], "conflicts": [("7", "name", "contact_gone", "e1")]}
    (conflict,) = json.loads(plan.as_json())["conflicts"]
    assert (conflict["changed_by"], conflict["changed_at"]) == ("author of e2", "2026-01-01T00:01:00+00:00")


def test_deleted_and_restored_is_back_already() -> None:
    story = """
        *e1 7 delete - true false
        *e1 7 delete name "a" null
        e2 7 restore - false true
        e2 7 restore name null "a"
    """
    assert told(plan_of(story, {"7": {"name": "a"}})) == {
        "already_back": [("7", None, True, "e1"), ("7", "name", "a", "e1")]
    }


@pytest.mark.parametrize(
    ("story", "reason"),
    [
        ('e1 7 update name "z" "a" by:unattributed\n*e2 7 update name "a" "b" by:unconfirmed', "unattributed_beside"),
        ('*e1 7 update name "a" "b" capture:none', "before_first_capture"),
        ('*e1 7 update name "a" "b" via:merge', "merge"),
        ('*e1 7 update name {"erased":1} "b"', "hidden_value"),
        ('*e1 7 update name {"erased":1} {"erased":2}\n*e2 7 update name {"erased":2} "b"', "hidden_value"),
    ],
)
def test_what_is_not_sure_is_a_conflict(story: str, reason: str) -> None:
    plan = plan_of(story, {"7": {"name": "b"}})
    ((contact, field, found, _),) = told(plan)["conflicts"]
    assert (contact, field, found, list(told(plan))) == ("7", "name", reason, ["conflicts"])


def test_an_unattributed_change_of_another_pair_or_chosen_too_is_none() -> None:
    other_pair = 'e1 7 update name "z" "a" by:unattributed capture:1\n*e2 7 update name "a" "b"'
    assert set(told(plan_of(other_pair, {"7": {"name": "b"}}))) == {"set"}
    chosen_too = '*e1 7 update name "z" "a" by:unattributed\n*e2 7 update name "a" "b" by:unconfirmed'
    assert told(plan_of(chosen_too, {"7": {"name": "b"}})) == {"set": [("7", "name", "z", "e1e2")]}


def test_an_account_is_never_set_and_a_field_that_is_no_more_neither() -> None:
    moved = '*e1 7 update account_id "1" "2"'
    assert told(plan_of(moved, {"7": {"account_id": "2"}})) == {"conflicts": [("7", "account_id", "account", "e1")]}
    emptied = '*e1 7 update custom_fields.tier "gold" null'
    gone = [("1", "custom_fields.tier")]
    assert told(plan_of(emptied, {"7": {}}, gone)) == {"conflicts": [("7", "custom_fields.tier", "field_gone", "e1")]}


def test_a_schema_change_counts_as_changed_since() -> None:
    story = """
        *e1 7 update custom_fields.tier "gold" "silver"
        s2 7 schema_change custom_fields.tier "silver" null
        s3 7 schema_change custom_fields.tier null "bronze"
    """
    plan = plan_of(story, {"7": {"custom_fields.tier": "bronze"}})
    assert told(plan) == {"conflicts": [("7", "custom_fields.tier", "changed_since", "e1")]}


def test_nothing_chosen_is_an_empty_plan() -> None:
    plan = plan_of('e1 7 update name "a" "b"', {"7": {"name": "b"}})
    assert (told(plan), plan.events, sum(plan.counts().values())) == ({}, 0, 0)


def _rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode())))


IMPORTED = """
    *e1 1 update primary_phone "+33" "bad"
    *e2 2 update primary_phone "+49" "bad"
    *e3 2 update custom_fields.seats 12 0
    *e4 3 update primary_phone "=1+1" "bad"
    *e5 4 update email "old@x" "new@x"
    *e6 5 update primary_phone null "bad"
"""
STATES: dict[str, Any] = {
    "1": {"primary_phone": "bad", "email": "a@x"},
    "2": {"primary_phone": "bad", "email": "b@x", "custom_fields.seats": 0},
    "3": {"primary_phone": "bad"},
    "4": {"email": "new@x"},
    "5": {"primary_phone": "bad", "email": "e@x"},
}


def test_there_is_an_import_file_for_each_set_of_columns_unguarded_the_commonest_first() -> None:
    made = plan_of(IMPORTED, STATES).files(None)
    assert [(one.name, one.columns) for one in made.files] == [
        (FIRST_NAME, ["id", "email", "primary_phone"]),
        ("contacts-2.csv", ["id", "email", "custom_fields.seats", "primary_phone"]),
        ("contacts-3.csv", ["id", "email"]),
    ]
    assert _rows(made.files[0].data)[1:] == [["1", "a@x", "+33"], ["3", "", "=1+1"]]
    assert _rows(made.files[1].data)[1:] == [["2", "b@x", "12", "+49"]]
    assert _rows(made.files[2].data)[1:] == [["4", "old@x"]]
    assert (made.left_to_plan, made.manifest()["note"]) == (1, NOT_GUARDED)


def test_a_value_to_be_emptied_has_the_mark_of_the_import() -> None:
    made = plan_of(IMPORTED, STATES).files("#EMPTY")
    assert ["5", "e@x", "#EMPTY"] in _rows(made.files[0].data)
    assert made.left_to_plan == 0
