"""Windows: the three-hour data intervals, (start, end], that all work and all rows are cut into.

All moments are aware datetimes in UTC. Imports nothing of ours.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

LENGTH = timedelta(hours=3)
HISTORY_START = datetime(2019, 10, 1, tzinfo=UTC)
LONG_AGO = _EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, order=True)
class Window:
    """The window (start, end] that ends at `end`, a multiple of three hours."""

    end: datetime

    @property
    def start(self) -> datetime:
        """The border that the window leaves out."""
        return self.end - LENGTH


@dataclass(frozen=True)
class Span:
    """Windows without a hole between them: (start, end]."""

    start: datetime
    end: datetime

    @property
    def windows(self) -> list[Window]:
        """The span's windows, oldest first."""
        return windows_between(self.start, self.end)


def floor_border(moment: datetime) -> datetime:
    """The latest window border at or before `moment`."""
    return moment - (moment - _EPOCH) % LENGTH


def window_of(moment: datetime) -> Window:
    """The window that holds `moment`; a moment on a border belongs to the window that ends there."""
    border = floor_border(moment)
    return Window(border if border == moment else border + LENGTH)


def windows_between(start: datetime, end: datetime) -> list[Window]:
    """The windows of (start, end], both borders, oldest first."""
    count = max(0, (end - start) // LENGTH)
    return [Window(start + LENGTH * number) for number in range(1, count + 1)]


def spans(windows: Iterable[Window]) -> list[Span]:
    """The same windows as the fewest spans, oldest first."""
    result: list[Span] = []
    for window in sorted(set(windows)):
        if result and result[-1].end == window.start:
            result[-1] = Span(result[-1].start, window.end)
        else:
            result.append(Span(window.start, window.end))
    return result


def cut_by_weight(span: Span, weights: Sequence[int], limit: int) -> list[Span]:
    """Cut a span into chunks of whole windows whose weights add up to at most `limit` (a single window may weigh more).

    `weights` has one number a window of the span, oldest first.
    """
    result: list[Span] = []
    start, weighed = span.start, 0
    for window, weight in zip(span.windows, weights, strict=True):
        if weighed and weighed + weight > limit:
            result.append(Span(start, window.start))
            start, weighed = window.start, 0
        weighed += weight
    if start < span.end:
        result.append(Span(start, span.end))
    return result
