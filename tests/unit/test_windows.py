"""Windows: borders, membership, spans, chunks."""

from datetime import UTC, datetime, timedelta

import pytest

from contact_audit.windows import (
    HISTORY_START,
    LENGTH,
    Span,
    Window,
    cut_by_weight,
    floor_border,
    spans,
    window_of,
    windows_between,
)

MICROSECOND = timedelta(microseconds=1)


def at(hour: float, day: int = 1) -> datetime:
    return datetime(2024, 3, day, tzinfo=UTC) + timedelta(hours=hour)


@pytest.mark.parametrize(
    ("moment", "border"),
    [(at(3), at(3)), (at(3) - MICROSECOND, at(0)), (at(3) + MICROSECOND, at(3)), (at(5.9), at(3)), (at(0), at(0))],
)
def test_a_moment_is_floored_to_the_border_at_or_before_it(moment: datetime, border: datetime) -> None:
    assert floor_border(moment) == border


def test_a_window_leaves_out_its_start_and_holds_its_end() -> None:
    assert window_of(at(3)) == Window(at(3))
    assert window_of(at(3) + MICROSECOND) == Window(at(6))
    assert window_of(at(6) - MICROSECOND) == Window(at(6))
    assert Window(at(6)).start == at(3)


def test_the_history_begins_on_a_border() -> None:
    assert floor_border(HISTORY_START) == HISTORY_START


def test_a_moment_before_1970_has_its_window() -> None:
    assert window_of(datetime(1969, 12, 31, 23, tzinfo=UTC)) == Window(datetime(1970, 1, 1, tzinfo=UTC))


def test_a_day_has_eight_windows_oldest_first() -> None:
    windows = windows_between(at(0), at(0, day=2))
    assert [window.end.hour for window in windows] == [3, 6, 9, 12, 15, 18, 21, 0]
    assert windows == sorted(windows) == Span(at(0), at(0, day=2)).windows


def test_between_a_border_and_itself_or_an_earlier_one_there_is_no_window() -> None:
    assert windows_between(at(3), at(3)) == []
    assert windows_between(at(6), at(3)) == []


def test_windows_without_a_hole_are_one_span() -> None:
    windows = [Window(at(hour)) for hour in (9, 3, 6, 6, 15)]
    assert spans(windows) == [Span(at(0), at(9)), Span(at(12), at(15))]
    assert spans([]) == []


def test_spans_hold_the_windows_they_were_made_of() -> None:
    windows = [Window(HISTORY_START + LENGTH * number) for number in (1, 2, 3, 7, 9, 10)]
    assert [window for span in spans(windows) for window in span.windows] == windows


def test_chunks_weigh_at_most_the_limit_unless_one_window_does_alone() -> None:
    span = Span(at(0), at(18))
    chunks = cut_by_weight(span, [4, 5, 2, 30, 0, 1], limit=10)
    assert chunks == [Span(at(0), at(6)), Span(at(6), at(9)), Span(at(9), at(12)), Span(at(12), at(18))]
    assert [window for chunk in chunks for window in chunk.windows] == span.windows


def test_a_light_span_is_one_chunk_and_an_empty_one_none() -> None:
    assert cut_by_weight(Span(at(0), at(6)), [0, 0], limit=10) == [Span(at(0), at(6))]
    assert cut_by_weight(Span(at(0), at(0)), [], limit=10) == []


def test_weights_must_match_the_windows() -> None:
    with pytest.raises(ValueError, match="zip"):
        cut_by_weight(Span(at(0), at(6)), [1], limit=10)
