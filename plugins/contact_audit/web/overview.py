"""The figures and the chart of the overview page."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from contact_audit.web.filters import ATTRIBUTIONS
from contact_audit.web.queries import Coverage, Memory, top_authors
from contact_audit.web.reading import Query, Row
from contact_audit.web.timeline import author_of

PERIODS = (7, 30, 90)
WIDTH, HEIGHT = 720, 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 14, 10, 24


@dataclass(frozen=True)
class Bar:
    """A day's bar, in the chart's units."""

    day: date
    events: int
    unattributed: int
    x: float
    width: float
    y: float
    height: float
    lost_height: float
    label: str | None


@dataclass(frozen=True)
class Chart:
    """Events a day: bars, and the lines of the scale (height, number)."""

    bars: list[Bar]
    scale: list[tuple[float, int]]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    bottom: int = HEIGHT - _BOTTOM


@dataclass(frozen=True)
class Overview:
    """The events of some days, counted."""

    days: int
    since: date
    until: date
    events: int
    unattributed: int
    chart: Chart
    authors: list[dict[str, Any]]
    channels: list[Row]
    attributions: list[tuple[str, int]]

    @property
    def busiest(self) -> Bar:
        """The day with most events."""
        return max(self.chart.bars, key=lambda bar: bar.events)


def overview(query: Query, memory: Memory, coverage: Coverage, days: int, now: datetime) -> Overview:
    """Count the events of the last days, today included."""
    until = now.astimezone(UTC).date() + timedelta(days=1)
    since = until - timedelta(days=days)
    by: dict[str, list[Row]] = {}
    for row in query("overview", since=since, until=until):
        by.setdefault(row["counted"], []).append(row)
    of_day = {row["day"]: (row["events"], row["unattributed"]) for row in by.get("day", [])}
    attributions = {row["attribution"]: row["events"] for row in by.get("attribution", [])}
    authors = top_authors(query, memory, coverage, _midnight(since), _midnight(until))
    return Overview(
        days,
        since,
        until - timedelta(days=1),
        sum(events for events, _ in of_day.values()),
        sum(unattributed for _, unattributed in of_day.values()),
        _chart(since, days, of_day),
        [{"author": author_of(row), "events": row["events"]} for row in authors],
        by.get("channel", []),
        [(name, attributions[name]) for name in ATTRIBUTIONS if name in attributions],
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), UTC)


def _chart(since: date, days: int, of_day: dict[date, tuple[int, int]]) -> Chart:
    top = _round_up(max((events for events, _ in of_day.values()), default=0))
    room = HEIGHT - _TOP - _BOTTOM
    step = (WIDTH - _LEFT - _RIGHT) / days
    gap = min(4.0, step / 4)
    every = max(1, round(days / 7))
    bars = []
    for place in range(days):
        day = since + timedelta(days=place)
        events, unattributed = of_day.get(day, (0, 0))
        height, lost = room * events / top, room * unattributed / top
        bars.append(
            Bar(
                day,
                events,
                unattributed,
                round(_LEFT + place * step + gap / 2, 2),
                round(step - gap, 2),
                round(_TOP + room - height, 2),
                round(height, 2),
                round(lost, 2),
                # from the newest backwards, so that today has its label
                f"{day.day} {day:%b}" if (days - 1 - place) % every == 0 else None,
            )
        )
    return Chart(bars, [(_TOP + room - room * part / 4, top * part // 4) for part in range(5)])


def _round_up(most: int) -> int:
    """The top of the scale: a round number that four divides, at least 4."""
    unit = 4
    while True:
        for factor in (1, 2, 3, 5):
            if unit * factor >= most:
                return unit * factor
        unit *= 10
