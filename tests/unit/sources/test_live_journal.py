"""Journal rows of a live source become contract entries: saves joined, values proof only where they are."""

from typing import Any

import orjson
import pandas as pd
import pytest

from contact_audit.sources.live_journal import Ends, entries

AUTHOR = {
    "author_type": "agent",
    "author_id": "9",
    "author_name": "Ann",
    "ip_address": None,
    "channel": None,
    "on_behalf_of": None,
}


def rows(*given: tuple[int, int, str, Any], action: str = "update", **more: Any) -> pd.DataFrame:
    """Rows of (entry_id, contact_id, time, items)."""
    return pd.DataFrame(
        [
            {
                "entry_id": entry,
                "contact_id": contact,
                "account_id": 0,
                "occurred_at": pd.Timestamp(f"2026-01-01 {at}Z"),
                "action": action,
                **AUTHOR,
                **more,
                "items": items,
            }
            for entry, contact, at, items in given
        ]
    ).astype({"items": object})


def told(frame: pd.DataFrame) -> list[tuple[int, Any]]:
    """entry_id and changes."""
    changes = [None if text is None else orjson.loads(text) for text in frame["changes"]]
    return list(zip(frame["entry_id"].tolist(), changes, strict=True))


def settle(frame: pd.DataFrame, before: Any, after: Any, first: bool = False, empty_is_null: bool = True) -> Any:
    """The entries of contact 1, given how it was at both captures."""
    ends = Ends({1: before} if before is not None else {}, {1: after} if after is not None else {}, first)
    return told(entries(frame, ends, empty_is_null))


def item(field: str, *values: Any, **more: Any) -> dict[str, Any]:
    """A field with old and new, or named."""
    return {"field": field} | dict(zip(("old", "new"), values, strict=False)) | more


def test_rows_of_one_save_are_one_entry_with_the_first_id() -> None:
    frame = rows((7, 1, "10:00", [item("name", "a", "b")]), (9, 1, "10:00", [item("email", "x", "y")]))
    assert settle(frame, {}, {}) == [(7, [item("name", "a", "b"), item("email", "x", "y")])]


def test_another_contacts_row_between_does_not_part_a_save_and_an_own_one_does() -> None:
    others = rows((7, 1, "10:00", [item("name", "a", "b")]), (8, 2, "10:00", [item("name", "c", "d")]))
    frame = pd.concat([others, rows((9, 1, "10:00", [item("email", "x", "y")]))])
    assert [entry for entry, _ in settle(frame, {}, {})] == [7, 8]
    foreign = rows((8, 1, "10:00", [item("primary_phone", None, "1")]), author_id="5")
    frame = pd.concat(
        [rows((7, 1, "10:00", [item("name", "a", "b")]), (9, 1, "10:00", [item("email", "x", "y")])), foreign]
    )
    assert [entry for entry, _ in settle(frame, {}, {})] == [7, 8, 9]


def test_a_field_told_again_in_the_same_second_is_another_save() -> None:
    frame = rows((7, 1, "10:00", [item("name", "a", "b")]), (8, 1, "10:00", [item("name", "b", "c")]))
    assert settle(frame, {"name": "a"}, {"name": "c"}) == [(7, [item("name", "a", "b")]), (8, [item("name", "b", "c")])]


def test_a_doubtful_value_is_proof_where_it_leads_from_capture_to_capture() -> None:
    frame = rows(
        (7, 1, "10:00", [item("name", "a", "b", doubtful=True)]),
        (8, 1, "11:00", [item("name", "b", "c", doubtful=True)]),
    )
    assert settle(frame, {"name": "a"}, {"name": "c"}) == [(7, [item("name", "a", "b")]), (8, [item("name", "b", "c")])]
    assert settle(frame, {"name": "a"}, {"name": "cut"}) == [(7, [item("name")]), (8, [item("name")])]


def test_a_number_written_as_text_agrees_with_the_captured_number() -> None:
    frame = rows((7, 1, "10:00", [item("custom_fields.seats", "5", "6", doubtful=True)]))
    assert settle(frame, {"custom_fields.seats": 5}, {"custom_fields.seats": 6}) == [
        (7, [item("custom_fields.seats", 5, 6)])
    ]


def test_old_values_alone_are_completed_by_the_next_and_by_the_capture() -> None:
    frame = rows((7, 1, "10:00", [item("name", "a")]), (8, 1, "11:00", [item("name", "b")]))
    assert settle(frame, {"name": "a"}, {"name": "c"}) == [(7, [item("name", "a", "b")]), (8, [item("name", "b", "c")])]
    assert settle(frame, {"name": "x"}, {"name": "c"}) == [(7, [item("name")]), (8, [item("name")])]


def test_before_the_first_capture_the_last_old_value_alone_stays_a_name() -> None:
    frame = rows((7, 1, "10:00", [item("name", "a")]), (8, 1, "11:00", [item("name", "b")]))
    assert settle(frame, None, None, first=True) == [(7, [item("name", "a", "b")]), (8, [item("name")])]


def test_before_the_first_capture_doubtful_values_are_none() -> None:
    frame = rows((7, 1, "10:00", [item("name", "a", "b", doubtful=True), item("email", "x", "y")]))
    assert settle(frame, None, None, first=True) == [(7, [item("name"), item("email", "x", "y")])]


def test_added_and_removed_values_of_one_save_become_one_list() -> None:
    field = "custom_fields.interests"
    frame = rows(
        (7, 1, "10:00", [{"field": field, "added": ["c"]}]),
        (8, 1, "10:00", [{"field": field, "removed": ["a"]}]),
    )
    assert settle(frame, {field: ["a", "b"]}, {field: ["b", "c"]}) == [(7, [item(field, ["a", "b"], ["b", "c"])])]
    assert settle(frame, {field: ["b"]}, {field: ["b", "c"]}) == [(7, [item(field)])]


def test_a_list_emptied_is_null() -> None:
    field = "custom_fields.interests"
    frame = rows((7, 1, "10:00", [{"field": field, "removed": ["a"]}]))
    assert settle(frame, {field: ["a"]}, {}) == [(7, [item(field, ["a"], None)])]


@pytest.mark.parametrize(("empty_is_null", "old"), [(True, None), (False, "")])
def test_an_empty_text_is_null_where_the_helpdesk_cannot_tell(empty_is_null: bool, old: str | None) -> None:
    frame = rows((7, 1, "10:00", [item("email", "", "x")]))
    assert settle(frame, {}, {}, empty_is_null=empty_is_null) == [(7, [item("email", old, "x")])]


def test_a_birth_without_values_leaves_the_start_to_what_is_told_after_it() -> None:
    born = rows((7, 1, "10:00", None), action="create")
    frame = pd.concat([born, rows((8, 1, "11:00", [item("email", "x")]))])
    assert settle(frame, None, {"email": "y"}) == [(7, None), (8, [item("email", "x", "y")])]


def test_what_died_has_no_captured_value_to_complete_from() -> None:
    frame = pd.concat([rows((7, 1, "10:00", [item("email", "x")])), rows((8, 1, "11:00", None), action="delete")])
    assert settle(frame, {"email": "x"}, None) == [(7, [item("email")]), (8, None)]


def test_a_bare_row_does_not_vanish_in_a_save_that_names_fields() -> None:
    frame = rows((7, 1, "10:00", None), (8, 1, "10:00", [item("name", "a", "b")]))
    assert settle(frame, {}, {}) == [(7, None), (8, [item("name", "a", "b")])]


def test_what_is_no_address_is_none() -> None:
    frame = pd.concat(
        [rows((7, 1, "10:00", None), ip_address="Rails console"), rows((8, 2, "10:00", None), ip_address="10.0.0.1")]
    )
    found = entries(frame, Ends({}, {}, False), True)
    assert found["ip_address"].fillna("").tolist() == ["", "10.0.0.1"]
