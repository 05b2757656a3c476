"""What a load is given and what it did: the two ends of replacing windows.

Apart from load.py, so that never_poorer.py, which judges a load, and load.py, which asks it, are no circle.
"""

from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from contact_audit.evidence.values import Codes
from contact_audit.windows import Window


@dataclass(frozen=True)
class Load:
    """Everything that is to stand in the windows of a span.

    Attributes:
        windows: the windows to replace.
        events, entries_without_event, rejected, schema_changes, schema_change_values: their rows, as in model.py.
        captures: window_end, snapshot_id and full (whether it is a full one) of the captures that lie in them.
        captures_there: ids of all captures that the source has; last_full: id and moment of the last full one before the windows.
        entries_seen: ids of all journal entries that were read; read_after, read_until: those that happened in this time.
        newest_recorded_at, newest_entry_id: how far the journal reached.
        whole_until: windows that end after it had not ended yet.
    """

    windows: list[Window]
    events: pd.DataFrame
    entries_without_event: pd.DataFrame
    rejected: pd.DataFrame
    schema_changes: pd.DataFrame
    schema_change_values: pd.DataFrame
    captures: pd.DataFrame
    captures_there: Codes
    last_full: tuple[int, datetime] | None
    entries_seen: Codes
    read_after: datetime
    read_until: datetime
    newest_recorded_at: datetime | None
    newest_entry_id: int | None
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
