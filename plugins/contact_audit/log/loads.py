"""What a load is given and what it did: the two ends of replacing windows.

Apart from load.py, so that never_poorer.py, which judges a load, and load.py, which asks it, are no circle.
"""

from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from contact_audit.evidence.values import Codes
from contact_audit.windows import Window


@dataclass(frozen=True)
class Rows:
    """What is to stand in the windows of a span; each frame as in model.py, by its name."""

    events: pd.DataFrame
    entries_without_event: pd.DataFrame
    rejected: pd.DataFrame
    schema_changes: pd.DataFrame
    schema_change_values: pd.DataFrame


@dataclass(frozen=True)
class Held:
    """The captures that the source held when a span was read.

    Attributes:
        captures: window_end, snapshot_id and full (whether it is a full one) of those that lie in the span.
        contents: snapshot_id, row_count, digest, digest_version: what the rows of these come to.
        every: ids of all of them but those whose rows are not all there any more.
        last_full: id and moment of the last full one before the span.
    """

    captures: pd.DataFrame
    contents: pd.DataFrame
    every: Codes
    last_full: tuple[int, datetime] | None


@dataclass(frozen=True)
class Reached:
    """How far the source's journal reached when it was read: the greatest of each until then, None where it is empty.

    Attributes:
        recorded_at, entry_id: the greatest; clock: what the source's own clock said. No recorded_at is later than that.
    """

    recorded_at: datetime | None
    entry_id: int | None
    clock: datetime


@dataclass(frozen=True)
class Load:
    """A span's windows, what is to stand in them, and what it rests on.

    Attributes:
        windows: the windows to replace.
        rows: what is to stand in them.
        held: the source's captures; reached: its journal.
        entries_seen: ids of all journal entries that were read.
        whole_until: windows that end after it had not ended yet.
    """

    windows: list[Window]
    rows: Rows
    held: Held
    reached: Reached
    entries_seen: Codes
    whole_until: datetime


@dataclass
class Loaded:
    """What a load did.

    Attributes:
        windows, events, entries_without_event, rejected, superseded, schema_changes: counts.
        by_action, by_attribution: events by these.
        evidence_lost: window end (ISO) → how many captures and entries its rows rest on that the source no longer
        has; kept as it was.
        newer: ends of windows kept because another run has loaded newer evidence meanwhile.
    """

    windows: int = 0
    events: int = 0
    entries_without_event: int = 0
    rejected: int = 0
    superseded: int = 0
    schema_changes: int = 0
    by_action: dict[str, int] = field(default_factory=dict)
    by_attribution: dict[str, int] = field(default_factory=dict)
    evidence_lost: dict[str, dict[str, int]] = field(default_factory=dict)
    newer: list[str] = field(default_factory=list)
