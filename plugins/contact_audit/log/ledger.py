"""The ledger's entries of a load, and appending them.

The chain has one end, so all loads take turns at it, each from its first entry until it is committed. Hence the append stands by
itself: it is the last thing that a load does.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from contact_audit import RULES_VERSION
from contact_audit.log.audit_log import AuditLog
from contact_audit.log.loads import Load


@dataclass(frozen=True)
class Entries:
    """What the ledger is to say of the windows that a load has replaced.

    Attributes:
        values: the parameters of include/sql/audit/load/ledger.sql; lists have one item a window.
    """

    values: dict[str, Any]

    @classmethod
    def of(
        cls,
        load: Load,
        ends: list[datetime],
        frames: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
        superseded: dict[datetime, int],
        run_id: str,
    ) -> "Entries":
        """Of the windows with these ends; `frames`: their events, entries without an event and rejected rows."""
        index = pd.DatetimeIndex(ends, tz="UTC")
        counts = [frame.groupby("window_end").size().reindex(index, fill_value=0).tolist() for frame in frames]
        captures = load.held.captures.groupby("window_end")["snapshot_id"]
        ids = captures.agg(lambda some: " ".join(map(str, some))).astype("str")
        return cls(
            {
                "windows": ends,
                "events": counts[0],
                "entries_without_event": counts[1],
                "rejected": counts[2],
                "superseded": [superseded.get(end, 0) for end in ends],
                "captures": ids.reindex(index, fill_value="").tolist(),
                "newest_recorded_at": load.reached.recorded_at,
                "newest_entry_id": load.reached.entry_id,
                "whole_until": load.whole_until,
                "rules_version": RULES_VERSION,
                "run_id": run_id,
            }
        )


def append(log: AuditLog, entries: Entries) -> None:
    """Append the entries. Every other load that is as far waits from here until this transaction ends: do nothing after it."""
    log.query("appending")
    log.query("ledger", **entries.values)
