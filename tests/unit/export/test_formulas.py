"""What a spreadsheet may run as a formula is guarded in a CSV, and its value comes back."""

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contact_audit.export.formulas import guarded, unguarded

SIGNS = "=+-@＝＋－＠"
BLANKS = ["", " ", "\u00a0", "\u200b", "\ufeff", "\u3000", "\u202f \u2060", "\u00ad", '"', "\x01"]


def guard(text: str) -> str:
    found: str = guarded(pa.chunked_array([[text]]))[0].as_py()
    return found


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("blank", BLANKS)
def test_a_sign_at_the_beginning_is_guarded_whatever_blanks_stand_before_it(sign: str, blank: str) -> None:
    assert guard(f"{blank}{sign}1+1") == f"{blank}'{sign}1+1"


@pytest.mark.parametrize("separator", [";", ",", "\t", "|", "\n", "\r\n"])
@pytest.mark.parametrize("sign", "=@＝")
def test_a_sign_after_a_separator_is_guarded(separator: str, sign: str) -> None:
    assert guard(f'a{separator} "{sign}HYPERLINK()') == f"a{separator} \"'{sign}HYPERLINK()"
    assert guard(f"a{separator}{separator}{sign}1") == f"a{separator}{separator}'{sign}1"


@pytest.mark.parametrize(
    ("text", "stands_as"),
    [
        ("-5", "'-5"),
        ("+33 1 99 00", "'+33 1 99 00"),
        ("\t=1", "'\t'=1"),
        ("\rx", "'\rx"),
        ("\n", "'\n"),
        ("'=1", "''=1"),
        ("a;b-c,d=e", "a;b-c,d=e"),
        ("dana@north.example", "dana@north.example"),
        ("it's - well - fine", "it's - well - fine"),
        ("'quoted'", "'quoted'"),
        ("", ""),
    ],
)
def test_what_is_guarded_and_what_is_not(text: str, stands_as: str) -> None:
    assert guard(text) == stands_as


def test_no_value_stays_none() -> None:
    assert guarded(pa.chunked_array([["=", None]])).to_pylist() == ["'=", None]


@given(st.text(st.sampled_from([*SIGNS, *";,|\t\r\n \"'a\u200b\ufeff\u00a0"]), max_size=12) | st.text())
@example("'\t'=;'=\"\"'-")
def test_every_value_comes_back_and_no_guarded_cell_begins_a_formula(text: str) -> None:
    if "\0" in text or any("\ud800" <= one <= "\udfff" for one in text):
        return  # PostgreSQL's text holds neither
    stands = guard(text)
    assert unguarded(stands) == text
    for part in [
        stands,
        *stands.replace("\r", ";").replace("\n", ";").replace("\t", ";").replace(",", ";").replace("|", ";").split(";"),
    ]:
        shown = part.lstrip(' "\u200b\ufeff\u00a0\u3000')
        assert not shown or shown[0] not in SIGNS
