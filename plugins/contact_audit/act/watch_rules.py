"""What a watch is: its conditions on one event, and what of many events makes a hit. Frozen; read by watch_file.py.

A watch without count, share or first hits at each event that meets its conditions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

AUTHOR = "author"
GROUPS = (AUTHOR, "account", "channel", "ip_address")
"""What a count may be by."""


@dataclass(frozen=True)
class Hours:
    """Moments by the clock of a zone: in [start, end), which may go over midnight, on these days (0 is Monday)."""

    start: time
    end: time
    days: frozenset[int]
    zone: ZoneInfo


@dataclass(frozen=True)
class Value:
    """An old or new value: a pattern (RE2) found somewhere in its text, or none at all (null)."""

    pattern: str | None


@dataclass(frozen=True)
class Condition:
    """What an event must be; None lets all pass, of several any.

    Attributes:
        actions, kinds, channels, accounts, contacts, attributions: exactly so.
        authors: an id, a name, or kind:id.
        fields: names, `*` for any part; old, new: of a change of such a field, the same one.
        hours: when; only an event whose moment is known has an hour.
    """

    actions: tuple[str, ...] | None = None
    kinds: tuple[str, ...] | None = None
    channels: tuple[str, ...] | None = None
    accounts: tuple[str, ...] | None = None
    contacts: tuple[str, ...] | None = None
    attributions: tuple[str, ...] | None = None
    authors: tuple[str, ...] | None = None
    fields: tuple[str, ...] | None = None
    old: Value | None = None
    new: Value | None = None
    hours: Hours | None = None


@dataclass(frozen=True)
class Count:
    """More than so many contacts, by one of `by`, within a span of time, wherever it lies."""

    more_than: int
    within: timedelta
    by: str = AUTHOR


@dataclass(frozen=True)
class Share:
    """More than a share (0 to 1) of an account's contacts in one three-hour window, and at least so many of them."""

    more_than: float
    at_least: int = 1


@dataclass(frozen=True)
class First:
    """The first time that an author is seen from an IP address."""


@dataclass(frozen=True)
class Watch:
    """A watch.

    Attributes:
        name: as alerts have it; says: what it is about, in its owner's words.
        when: what an event must be; unless: what it must not be.
        of: what of such events is a hit; None: each.
    """

    name: str
    when: Condition = field(default_factory=Condition)
    unless: Condition | None = None
    of: Count | Share | First | None = None
    says: str = ""

    @property
    def kind(self) -> str:
        """event, count, share or first."""
        return "event" if self.of is None else type(self.of).__name__.lower()

    @property
    def rule(self) -> str:
        """What many events must come to, in words; empty for a watch on single events."""
        match self.of:
            case Count(more_than, within, by):
                return f"more than {more_than:,} contacts by one {by.replace('_', ' ')} within {_duration(within)}"
            case Share(more_than, at_least):
                least = f", and at least {at_least:,}" if at_least > 1 else ""
                return f"more than {more_than * 100:g} % of an account's contacts in a window{least}"
            case First():
                return "the first time that this author is seen from this address"
            case _:
                return ""

    @property
    def needs_values(self) -> bool:
        """Whether it looks into changes."""
        looked = (self.when, self.unless or Condition())
        return any(one.fields is not None or one.old is not None or one.new is not None for one in looked)


@dataclass(frozen=True)
class Destination:
    """A notifier, with its options: `log`, or `apprise` with a connection and a tag."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """As an alert remembers that it has it."""
        return ":".join([self.name, *(str(self.options[name]) for name in sorted(self.options))])


@dataclass(frozen=True)
class Watches:
    """A watch file.

    Attributes:
        all: its watches, by different names; notify: where alerts go.
        since: events before it are not told; None: all are.
    """

    all: tuple[Watch, ...]
    notify: tuple[Destination, ...] = (Destination("log"),)
    since: datetime | None = None


def _duration(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    count, unit = (minutes // 60, "hour") if minutes % 60 == 0 else (minutes, "minute")
    return f"{count} {unit}{'s' if count > 1 else ''}"
