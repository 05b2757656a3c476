"""Planning: which windows are due and why, and how history is cut into chunks."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from contact_audit import model
from contact_audit.runs.planning import (
    CHUNK_WEIGHT,
    Due,
    cut_into_chunks,
    due_windows,
    label,
    windows_touched,
    windows_with_other_captures,
)
from contact_audit.sources.extraction import Captures
from contact_audit.windows import HISTORY_START, Span, Window, windows_between

SKEW = timedelta(minutes=2)
NO_WEIGHTS = pd.DataFrame({"window_end": pd.to_datetime([], utc=True), "weight": []})


def at(hours: float) -> datetime:
    return datetime(2024, 3, 1, tzinfo=UTC) + timedelta(hours=hours)


def captures(*hours: float, ignored: tuple[int, ...] = ()) -> Captures:
    """Captures taken at these hours; each one's id is the minutes to it."""
    rows = [{"snapshot_id": round(60 * hour), "captured_at": at(hour), "kind": "full"} for hour in hours]
    frame = pa.Table.from_pylist(rows, schema=model.CAPTURES).to_pandas()
    ids = frame["snapshot_id"].to_numpy(np.int64)
    usable = frame[~np.isin(ids, ignored)].reset_index(drop=True)
    return Captures(usable, np.array(ignored, np.int64), frozenset(), ids)


def loaded(*windows: tuple[float, list[int]], open_: tuple[float, ...] = ()) -> pd.DataFrame:
    """Loaded windows: the hour each ends at, and the captures it was loaded with; those in `open_` had not ended."""
    return pd.DataFrame(
        {
            "window_end": pd.to_datetime([at(hour) for hour, _ in windows], utc=True),
            "captures": [ids for _, ids in windows],
            "whole": [hour not in open_ for hour, _ in windows],
        }
    )


def due(own: float, windows: pd.DataFrame, there: Captures, late: tuple[float, ...] = ()) -> dict[float, str]:
    reasons = due_windows(Window(at(own)), windows, there, [Window(at(hour)) for hour in late]).reasons
    return {(window.end - at(0)) / timedelta(hours=1): reason for window, reason in reasons.items()}


# ---- due windows ---------------------------------------------------------------------------------------------------


def test_in_an_empty_log_only_the_runs_own_window_is_due() -> None:
    assert due(9, loaded(), captures(0, 3, 6, 9)) == {9: "own"}


def test_the_next_window_is_due_as_soon_as_it_holds_a_capture() -> None:
    assert due(3, loaded((0, [0])), captures(0, 3.002)) == {3: "own", 6: "next"}
    assert due(3, loaded((0, [0])), captures(0, 3)) == {3: "own"}


def test_a_next_window_that_was_loaded_is_due_again_once_it_holds_more() -> None:
    there = captures(0, 3.5, 4)
    windows = loaded((0, [0]), (3, []), (6, [210]), open_=(6,))
    assert due(3, windows, there) == {6: "capture"}
    assert due(6, loaded((0, [0]), (3, []), (6, [210, 240]), open_=(6,)), there) == {6: "own"}


def test_a_loaded_window_with_unchanged_evidence_is_not_due() -> None:
    assert due(6, loaded((3, [180]), (6, [360])), captures(3, 6)) == {}


def test_the_gap_since_the_last_window_loaded_before_is_due() -> None:
    assert due(15, loaded((0, []), (3, [180])), captures(3)) == {6: "gap", 9: "gap", 12: "gap", 15: "own"}


def test_a_gap_further_back_is_not_the_syncs() -> None:
    assert due(15, loaded((3, [180]), (12, [])), captures(3)) == {15: "own"}


def test_windows_after_the_own_one_are_not_due_but_the_next() -> None:
    assert due(6, loaded((3, []), (6, [])), captures(20)) == {}


def test_a_late_entrys_window_is_due_if_it_is_loaded() -> None:
    assert due(6, loaded((3, [180]), (6, [360])), captures(3, 6), late=(3, 0)) == {3: "late"}


def test_a_late_capture_makes_its_window_due_and_that_of_the_capture_after_it() -> None:
    windows = loaded((3, [180]), (6, []), (9, []), (12, [720]), (15, [900]))
    assert due(15, windows, captures(3, 5, 12, 15)) == {6: "capture", 12: "capture"}


def test_an_ignored_capture_makes_its_window_due_and_that_of_the_capture_after_it() -> None:
    windows = loaded((3, [180]), (6, [360]), (9, [540]), (12, [720]))
    assert due(12, windows, captures(3, 6, 9, 12, ignored=(360,))) == {6: "capture", 9: "capture"}


def test_a_capture_that_vanished_makes_no_window_due() -> None:
    windows = loaded((3, [180]), (6, [360]), (9, [540]))
    assert windows_with_other_captures(windows, captures(3, 9)) == set()


def test_windows_loaded_with_an_ignored_capture_left_out_are_not_due_again() -> None:
    windows = loaded((3, [180]), (6, []), (9, [540]))
    assert windows_with_other_captures(windows, captures(3, 6, 9, ignored=(360,))) == set()


def test_of_too_many_windows_the_oldest_are_taken_and_the_rest_is_told() -> None:
    windows = [Window(at(3 * number)) for number in range(1, 6)]
    limited = Due(dict.fromkeys(windows, "gap")).limit(2)
    assert limited.windows == windows[:2]
    assert (limited.left_over, limited.left_from, limited.left_to) == (3, at(6), at(15))
    assert Due(dict.fromkeys(windows, "gap")).limit(5).left_over == 0


# ---- which windows an entry belongs to -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hour", "windows"),
    [
        (4, {6}),
        (2.98, {3, 6}),  # within skew of the capture at 3: on either side of it
        (3.03, {3, 6}),
        (0.5, {3}),  # before the first capture: its own
        (1, {3}),
        (6.02, {6, 12}),  # the next capture is at 11
        (8, {12}),
        (11.5, set()),  # waits
        (11.01, {12}),  # the newest capture may have seen it
    ],
)
def test_an_entry_touches_the_windows_of_the_captures_that_may_close_its_pair(hour: float, windows: set[float]) -> None:
    moments = pd.Series(pd.to_datetime([at(hour)], utc=True))
    touched = windows_touched(moments, captures(3, 6, 11), SKEW)
    assert touched == [{Window(at(end)) for end in windows}]


# ---- chunks --------------------------------------------------------------------------------------------------------


def chunks(size: str, start: datetime, end: datetime, most: int = 1024) -> tuple[list[str], str]:
    cut, taken = cut_into_chunks(Span(start, end), size, NO_WEIGHTS, most)
    assert [window for chunk in cut for window in chunk.windows] == windows_between(start, end)
    return [label(chunk) for chunk in cut], taken


def day(month: int, number: int, year: int = 2024) -> datetime:
    return datetime(year, month, number, tzinfo=UTC)


@pytest.mark.parametrize(
    ("size", "labels"),
    [
        ("day", ["2024-02-27", "2024-02-28", "2024-02-29", "2024-03-01"]),
        ("week", ["2024-02-27..2024-03-01"]),
        ("month", ["2024-02-27..2024-02-29", "2024-03-01"]),
        ("year", ["2024-02-27..2024-03-01"]),
    ],
)
def test_chunks_follow_the_calendar(size: str, labels: list[str]) -> None:
    assert chunks(size, day(2, 27), day(3, 2)) == (labels, size)


def test_weeks_begin_on_monday() -> None:
    names, _ = chunks("week", day(3, 1), day(3, 12))
    assert names == ["2024-03-01..2024-03-03", "2024-03-04..2024-03-10", "2024-03-11"]


def test_a_whole_month_is_named_by_its_month_and_a_year_by_its_days() -> None:
    assert chunks("month", day(1, 1), day(4, 1)) == (["2024-01", "2024-02", "2024-03"], "month")
    assert chunks("year", day(12, 1, 2022), day(2, 1))[0] == [
        "2022-12",
        "2023-01-01..2023-12-31",
        "2024-01",
    ]


def test_too_many_chunks_become_coarser_ones() -> None:
    assert chunks("day", day(1, 1), day(3, 1), most=12)[1] == "week"
    assert chunks("day", day(1, 1), day(3, 1), most=3) == (["2024-01", "2024-02"], "month")
    assert chunks("day", HISTORY_START, day(1, 1, 2027), most=1024)[1] == "week"


def weights(span: Span, weight: int) -> pd.DataFrame:
    ends = [window.end for window in span.windows]
    return pd.DataFrame({"window_end": pd.to_datetime(ends, utc=True), "weight": [weight] * len(ends)})


def test_auto_cuts_by_the_evidence() -> None:
    span = Span(day(1, 1), day(1, 3))
    cut, taken = cut_into_chunks(span, "auto", weights(span, CHUNK_WEIGHT // 4), 1024)
    assert (taken, [len(chunk.windows) for chunk in cut]) == ("auto", [4, 4, 4, 4])
    assert [len(chunk.windows) for chunk in cut_into_chunks(span, "auto", NO_WEIGHTS, 1024)[0]] == [16]


def test_auto_takes_heavier_chunks_where_there_would_be_too_many() -> None:
    span = Span(day(1, 1), day(1, 3))
    cut, _ = cut_into_chunks(span, "auto", weights(span, CHUNK_WEIGHT), 5)
    assert [len(chunk.windows) for chunk in cut] == [4, 4, 4, 4]


def test_a_chunk_that_begins_in_the_middle_of_a_day_is_named_by_it() -> None:
    assert label(Span(at(3), at(24))) == "2024-03-01"
    assert label(Span(at(21), at(27))) == "2024-03-01..2024-03-02"
