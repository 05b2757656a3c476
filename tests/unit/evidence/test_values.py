"""When two values are one: by value, never by their text's form nor by a field's type of today."""

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contact_audit.evidence.values import canonical_text, parse
from tests.support.compact import events_of, expected


def check(evidence: str, events: str) -> None:
    assert events_of(evidence) == expected(events)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "1.0"),
        ('["a","b"]', '["b","a","a"]'),
        ("[]", "null"),
        ('{"k":1,"l":2}', '{"l":2.0,"k":1}'),
        ('{"k":null}', "{}"),
        ("0", "-0.0"),
        ("1e2", "100"),
    ],
)
def test_values_that_are_equal_are_no_change(one: str, other: str) -> None:
    check(
        f"""
        00:00 capture seats={one}
        01:00 update #1 ann seats:{one}>{other}
        03:00 capture seats={other}
        """,
        "#1 no_known_effect",
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('""', "null"),
        ("1", "true"),
        ("0", "false"),
        ("1", '"1"'),
        ("a", "A"),
        ('"\\u00e9"', '"e\\u0301"'),
        ("9007199254740993", "9007199254740992"),
        ('["a"]', '["a","b"]'),
        ('["a"]', "a"),
    ],
)
def test_values_that_differ_are_a_change(one: str, other: str) -> None:
    lines = events_of(
        f"""
        00:00 capture seats={one}
        01:00 update #1 ann seats
        03:00 capture seats={other}
        """
    )
    assert len(lines) == 1
    assert lines[0].startswith("03:00/1 [1-2] update 01:00 ann matched #1: seats ")


def test_a_missing_key_equals_null() -> None:
    check(
        """
        00:00 capture plan=null
        03:00 capture email=null
        06:00 capture
        """,
        "",
    )


def test_changes_hold_one_form_of_all_equal_values() -> None:
    check(
        """
        00:00 capture seats=12.0 tags=["b","a","b"]
        03:00 capture seats=12.50 tags=[]
        """,
        '03:00/1 [1-2] update 00:00..03:00 ? unattributed -: seats 12>12.5, tags ["a","b"]>null',
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(JSON)
def test_a_value_far_inside_others_is_the_value_that_it_is_outside(value: Any) -> None:
    text = json.dumps(value)
    (outside,), (inside,) = parse(pa.array([text])), parse(pa.array(["[" * 2000 + text + "]" * 2000]))
    assert canonical_text(inside) == "[" * 2000 + canonical_text(outside) + "]" * 2000
