"""What goes from step to step: from extract to derive, and from both to load.

Frozen, in small parts: what a step learns it returns, and no step changes what another has said.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa

from contact_audit.evidence.states import Extract
from contact_audit.evidence.values import Codes
from contact_audit.log.contacts import Forward
from contact_audit.log.loads import Held, Reached, Rows
from contact_audit.windows import Span


@dataclass(frozen=True)
class Shown:
    """The capture that audit.contacts shows; None for both where it shows none yet."""

    snapshot_id: int | None
    captured_at: datetime | None

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> "Shown":
        """As the runs before remember it (audit.state)."""
        snapshot_id = state["contacts_snapshot_id"]
        return cls(None if snapshot_id is None else int(snapshot_id), state["contacts_captured_at"])


@dataclass(frozen=True)
class Contacts:
    """What audit.contacts is brought forward with.

    Attributes:
        forward: from which capture to which.
        batches: gives tables of model.CONTACTS, read when asked; complete: whether they hold all contacts that are there.
        fields: model.FIELDS, labels and types as of that capture.
    """

    forward: Forward
    batches: Callable[[], Iterable[pa.Table]]
    complete: bool
    fields: pa.Table


@dataclass(frozen=True)
class Extracted:
    """What was read for a span.

    Attributes:
        evidence: the evidence, raw.
        held: the captures that were there; reached: how far the journal reached.
        contacts: what audit.contacts is brought forward with; None where it stays as it is.
    """

    evidence: Extract
    held: Held
    reached: Reached
    contacts: Contacts | None

    def shown_after(self, before: Shown) -> Shown:
        """The capture that audit.contacts shows once this is loaded."""
        if self.contacts is None:
            return before
        return Shown(self.contacts.forward.snapshot_id, self.contacts.forward.captured_at)


@dataclass(frozen=True)
class Proof:
    """What a load checks its events against: the captured states and the replay, as conservation.py makes them; contact ids by code."""

    captured: pd.DataFrame
    replayed: pd.DataFrame
    contacts: Codes


@dataclass(frozen=True)
class Checked:
    """What was derived for a span, with its proof, and the ids of all journal entries that it was derived from."""

    span: Span
    rows: Rows
    proof: Proof
    entries_seen: Codes
