"""How the Activity page shows a change of each kind of value."""

from decimal import Decimal
from typing import Any

import pytest

from contact_audit.web.shown import LONG, Piece, change, parse, pieces, value
from contact_audit.web.texts import channel_name, counted, say


@pytest.mark.parametrize(
    ("given", "field_type", "kind", "text"),
    [
        (None, "text", "none", ""),
        ([], "multiple_choice", "none", ""),
        ("", "text", "blank", ""),
        (True, "checkbox", "plain", "Yes"),
        (False, None, "plain", "No"),
        (0, "number", "plain", "0"),
        (Decimal("1200.50"), "number", "plain", "1200.50"),
        (12345678901234567890, "number", "plain", "12345678901234567890"),
        ("2026-11-30", "date", "plain", "30 Nov 2026"),
        ("2026-02-30", "date", "text", "2026-02-30"),
        ("2026-11-30", "text", "text", "2026-11-30"),
        (["api", "billing"], "multiple_choice", "text", "api, billing"),
        ({"city": "Köln"}, None, "code", '{"city": "Köln"}'),
        ([[1], {"a": None}], None, "code", '[[1], {"a": null}]'),
    ],
)
def test_each_kind_of_value_reads_as_people_write_it(given: Any, field_type: str | None, kind: str, text: str) -> None:
    shown = value(given, field_type)
    assert (shown.kind, shown.text) == (kind, text)


def test_no_digit_of_a_number_is_lost() -> None:
    number = "12345678901234567890.12345678901234567890"
    assert value(parse(number)).text == number


def test_choices_tell_what_stayed_what_went_and_what_came() -> None:
    shown = change("custom_fields.i", "Interests", "multiple_choice", ["api", "mobile", 1], ["api", 1.0, "webhooks"])
    assert shown.kind == "choices"
    told = [(how, "".join(piece.text for piece in part)) for how, part in shown.parts]
    assert told == [("same", "api"), ("removed", "mobile"), ("same", "1"), ("added", "webhooks")]
    assert [how for how, _ in change("f", "F", None, None, ["a"]).parts] == ["added"]


def test_a_long_text_is_told_by_its_differences_and_loses_nothing() -> None:
    old = "The office is closed on Fridays.\nCall in the morning. " + "x" * LONG
    new = old.replace("morning", "afternoon").replace("closed ", "")
    shown = change("custom_fields.n", "Notes", "text", old, new)
    assert (shown.kind, shown.added, shown.removed) == ("long", 1, 2)

    def whole(*parts: str) -> str:
        return "".join(piece.text for how, part in shown.parts if how in parts for piece in part)

    assert whole("same", "removed") == old
    assert whole("same", "added") == new


def test_texts_of_any_length_are_compared_in_time() -> None:
    shown = change("f", "F", "text", "a b " * 1_000, "b a " * 1_000)
    assert (shown.kind, shown.is_cut) == ("long", False)
    shown = change("f", "F", "text", "a b " * 200_000, "b a " * 200_000)
    assert (shown.kind, shown.old.cut, shown.new.cut) == ("pair", 800_000, 800_000)
    assert shown.is_cut


def test_of_very_long_texts_the_part_is_shown_in_which_they_begin_to_differ() -> None:
    shown = change("f", "F", "text", "=" * 9_000 + "old" + "=" * 9_000, "=" * 9_000 + "new" + "=" * 9_000)
    assert shown.old.text == "…" + "=" * 100 + "old" + "=" * 897 + "…"
    assert shown.new.text == "…" + "=" * 100 + "new" + "=" * 897 + "…"


@pytest.mark.parametrize(
    ("old", "new"),
    [("Jose\u0301", "José"), ("a b", "a\u00a0b"), ("Ann", "Ann "), ("Ann", "A\u200bnn"), ("a  b", "a b")],
)
def test_what_looks_alike_is_said_to_be_different(old: str, new: str) -> None:
    assert change("name", "Name", "text", old, new).look_alike


def test_what_differs_to_the_eye_is_not_said_to_look_alike() -> None:
    assert not change("name", "Name", "text", "Ann", "ann").look_alike


def test_what_would_not_be_seen_is_named() -> None:
    assert pieces(" a\u202eb\u00a0") == (
        Piece("␣", "space U+0020"),
        Piece("a"),
        Piece("�", "right-to-left override U+202E"),
        Piece("b"),
        Piece("⍽", "no-break space U+00A0"),
    )
    assert pieces("two\nlines ", lines=True) == (Piece("two\nlines "),)


def test_texts_count_and_name_channels() -> None:
    assert (counted("events", 1), counted("events", 1234)) == ("1 event", "1,234 events")
    assert [channel_name(one) for one in ("api", "azure_ad_sync", "agent_panel")] == [
        "API",
        "Azure AD sync",
        "Agent panel",
    ]
    assert say("today", day="24 November 2026") == "Today, 24 November 2026"
