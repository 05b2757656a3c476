"""What a run did: counts and sentences, added up span by span and chunk by chunk.

Plain data on the way from task to task, for people (report.py) and for the asset's event.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from contact_audit.log.loads import Loaded

_COUNTS = ("windows", "events", "entries", "entries_without_event", "rejected", "superseded", "schema_changes")


@dataclass(frozen=True)
class Report:
    """What a run did, for people and for the asset event.

    Attributes:
        windows, events, entries_without_event, rejected, superseded, schema_changes: counts.
        entries: journal entries accounted for (rule 6), with an event and without.
        by_action, by_attribution: events by these.
        evidence_lost, newer: windows kept as they were (loads.Loaded).
        notes: sentences.
    """

    windows: int = 0
    events: int = 0
    entries: int = 0
    entries_without_event: int = 0
    rejected: int = 0
    superseded: int = 0
    schema_changes: int = 0
    by_action: dict[str, int] = field(default_factory=dict)
    by_attribution: dict[str, int] = field(default_factory=dict)
    evidence_lost: dict[str, dict[str, int]] = field(default_factory=dict)
    newer: Sequence[str] = ()
    notes: Sequence[str] = ()

    @classmethod
    def of(cls, loaded: Loaded, entries: int) -> "Report":
        """What one load did, with the journal entries that it accounts for."""
        return cls(**asdict(loaded), entries=entries)

    def __add__(self, other: "Report") -> "Report":
        """What both did."""
        counts: dict[str, int] = {name: getattr(self, name) + getattr(other, name) for name in _COUNTS}
        return Report(
            **counts,
            by_action=dict(Counter(self.by_action) + Counter(other.by_action)),
            by_attribution=dict(Counter(self.by_attribution) + Counter(other.by_attribution)),
            evidence_lost=self.evidence_lost | other.evidence_lost,
            newer=[*self.newer, *other.newer],
            notes=[*self.notes, *other.notes],
        )

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON-able data."""
        return asdict(self) | {"newer": list(self.newer), "notes": list(self.notes)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Report":
        """The report that `as_dict` gave; what else is in the data is left out."""
        return cls(**{one.name: data[one.name] for one in fields(cls) if one.name in data})
