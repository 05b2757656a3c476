"""Which windows are due, and how a stretch of history is cut into chunks; pure.

"Later" is judged by the source's own recorded_at, never by this machine's clock, so that a replay of the past heals alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from contact_audit.sources.extraction import Captures
from contact_audit.windows import LENGTH, Span, Window, cut_by_weight, window_of, windows_between

CHUNKS = ("auto", "day", "week", "month", "year")
CHUNK_WEIGHT = 250_000
"""How many journal entries and changed rows an `auto` chunk holds at most; bounds a task's memory."""


@dataclass
class Due:
    """The windows that are due, oldest first.

    Attributes:
        reasons: window → why: own, next, gap, capture, late, rows.
        left_over: how many more are due than a run takes; the first and last of them in `left_from`, `left_to`.
    """

    reasons: dict[Window, str] = field(default_factory=dict)
    left_over: int = 0
    left_from: datetime | None = None
    left_to: datetime | None = None

    @property
    def windows(self) -> list[Window]:
        """The windows, oldest first."""
        return sorted(self.reasons)

    def limit(self, most: int) -> "Due":
        """The oldest windows, at most `most`, and what is left over."""
        windows = self.windows
        if len(windows) <= most:
            return self
        left = windows[most:]
        taken = {window: self.reasons[window] for window in windows[:most]}
        return Due(taken, len(left), left[0].start, left[-1].end)


def due_windows(
    own: Window, loaded: pd.DataFrame, captures: Captures, late: Iterable[Window], rewritten: Iterable[Window] = ()
) -> Due:
    """What a scheduled or manual run has to do: its own window, the next as far as it holds captures, the gap before, and loaded
    windows whose evidence has changed.

    `loaded`: window_end, captures, whole of the loaded windows; `late`: windows that late entries touch; `rewritten`: those that rest on
    captures whose rows have changed.
    """
    due = Due()
    state = dict(zip(map(Window, ends_of(loaded)), loaded["whole"].astype(bool), strict=True))
    for reason, windows in (("late", late), ("rows", rewritten)):
        due.reasons |= {window: reason for window in windows if window in state}
    due.reasons |= dict.fromkeys(windows_with_other_captures(loaded, captures), "capture")
    following = Window(own.end + LENGTH)
    if following not in state and len(_captures_of(captures, following)):
        due.reasons[following] = "next"
    before = [window for window in state if window < own]
    if before:
        due.reasons |= dict.fromkeys(windows_between(max(before).end, own.start), "gap")
    if not state.get(own, False):
        due.reasons[own] = "own"
    due.reasons = {window: reason for window, reason in due.reasons.items() if window <= following}
    return due


def ends_of(frame: pd.DataFrame) -> list[datetime]:
    """The window_end of each row, as datetimes."""
    return list(pd.DatetimeIndex(frame["window_end"]).to_pydatetime())


def windows_with_other_captures(loaded: pd.DataFrame, captures: Captures) -> set[Window]:
    """The loaded windows whose usable captures are not those that they were loaded with, and the windows of the
    captures right after.

    A capture that has vanished is no reason: its rows would only get poorer.
    """
    usable = captures.usable
    ids = usable["snapshot_id"].to_numpy(np.int64)
    ends = np.array([window_of(moment).end for moment in captures.moments()], dtype=object)
    now: dict[datetime, set[int]] = {}
    for end, snapshot_id in zip(ends, ids.tolist(), strict=True):
        now.setdefault(end, set()).add(snapshot_id)
    there = set(captures.every.tolist())
    ignored = set(captures.ignored.tolist())
    held = set(ends_of(loaded))
    changed: set[Window] = set()
    for moment, before in zip(ends_of(loaded), loaded["captures"], strict=True):
        then = {one for one in before if one in there or one in ignored}
        if then == now.get(moment, set()):
            continue
        changed.add(Window(moment))
        after = ends[ends > moment]
        if len(after) and after[0] in held:
            changed.add(Window(after[0]))
    return changed


def windows_touched(moments: "pd.Series[pd.Timestamp]", captures: Captures, skew: timedelta) -> list[set[Window]]:
    """For each entry's moment the windows that it may belong to: of the captures that may close its pair, skew included; before the
    first capture its own. Empty where it waits for the next capture.
    """
    at = captures.usable["captured_at"]
    ends = [window_of(moment) for moment in captures.moments()]
    low = at.searchsorted(moments - skew, side="left")
    high = at.searchsorted(moments + skew, side="left")
    result: list[set[Window]] = []
    for moment, first, last in zip(moments, low, high, strict=True):  # late entries: a handful
        touched = set(ends[int(first) : int(last) + 1])
        if first == 0:
            touched.add(window_of(moment.to_pydatetime()))
        result.append(touched)
    return result


def cut_into_chunks(span: Span, chunk: str, weights: pd.DataFrame, most: int) -> tuple[list[Span], str]:
    """Cut a span into chunks of the named size, coarser ones where they would be more than `most`; the chunks and the size taken.

    `weights`: window_end, weight, for `auto`.
    """
    if chunk == "auto":
        numbers = weights_of(span, weights)
        limit = CHUNK_WEIGHT
        while len(chunks := cut_by_weight(span, numbers, limit)) > most:
            limit *= 2
        return chunks, "auto"
    for size in CHUNKS[CHUNKS.index(chunk) :]:
        chunks = _by_calendar(span, size)
        if len(chunks) <= most or size == "year":
            break
    return chunks, size


def weights_of(span: Span, weights: pd.DataFrame) -> list[int]:
    """How much evidence each window of the span holds; `weights`: window_end, weight of those that hold any."""
    by_end = dict(zip(ends_of(weights), weights["weight"].tolist(), strict=True))
    return [int(by_end.get(window.end, 0)) for window in span.windows]


def parts_of(span: Span, weights: pd.DataFrame) -> list[Span]:
    """The span in parts whose evidence fits memory."""
    return cut_by_weight(span, weights_of(span, weights), CHUNK_WEIGHT)


def label(span: Span) -> str:
    """A chunk's name: 2019-10 for a month, 2019-10-01 for a day, else its first and last day."""
    first, last = span.start, span.end - timedelta(microseconds=1)
    if first.date() == last.date():
        return f"{first:%Y-%m-%d}"
    if (first.year, first.month) == (last.year, last.month) and first.day == 1 and span.end == _next(first, "month"):
        return f"{first:%Y-%m}"
    return f"{first:%Y-%m-%d}..{last:%Y-%m-%d}"


def _by_calendar(span: Span, size: str) -> list[Span]:
    chunks: list[Span] = []
    start = span.start
    while start < span.end:
        end = min(_next(start, size), span.end)
        chunks.append(Span(start, end))
        start = end
    return chunks


def _next(moment: datetime, size: str) -> datetime:
    """The first border of the calendar's days, weeks (from Monday), months or years after a moment."""
    day = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    if size == "day":
        return day + timedelta(days=1)
    if size == "week":
        return day + timedelta(days=7 - day.weekday())
    if size == "month":
        return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return datetime(moment.year + 1, 1, 1, tzinfo=UTC)


def _captures_of(captures: Captures, window: Window) -> pd.DataFrame:
    at = captures.usable["captured_at"]
    return captures.usable[(at > pd.Timestamp(window.start)) & (at <= pd.Timestamp(window.end))]
