"""What a source adapter is: the reads that the pipeline asks of a helpdesk database.

An adapter knows its helpdesk's tables and no rule. All reads of a session see one snapshot of the database.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

import pandas as pd
import pyarrow as pa

from contact_audit.evidence.values import Codes


@dataclass(frozen=True)
class Clock:
    """The source's own clock, in the snapshot that a session reads.

    Attributes:
        until: how far its data reaches: on a replica that is behind, less than `server`.
        server: what its server says it is.
        ahead: how many journal entries say that they became visible later than that.
    """

    until: datetime
    server: datetime
    ahead: int


class Session(Protocol):
    """An open, read-only session on a helpdesk database. Times are UTC; tables as in model.py."""

    def captures(self) -> pd.DataFrame:
        """model.CAPTURES: all captures, oldest first."""

    def clock(self) -> Clock:
        """The source's clock."""

    def newest_entry(self) -> tuple[datetime | None, int | None]:
        """The greatest recorded_at that is not later than the clock, and the greatest entry_id; None where there is none."""

    def journal(self, after: datetime, until: datetime) -> pa.Table:
        """model.JOURNAL: the entries that happened in (after, until]."""

    def changed_rows(self, after: datetime, until: datetime, ignored: Codes) -> pa.Table:
        """model.STATES: the rows of the 'changed' captures in (after, until] but the ignored ones."""

    def full_differences(self, captures: pd.DataFrame, position: int, ignored: Codes) -> tuple[pa.Table, int]:
        """model.STATES: what the full capture at `position` of the usable captures differs in from the one before; and how many
        contacts that one held, where any is missing now (else 0).
        """

    def states_at(self, captures: pd.DataFrame, position: int, contacts: Codes, ignored: Codes) -> pa.Table:
        """model.STATES: how the given contacts were at the capture at `position` of the usable captures."""

    def field_use(
        self, captures: pd.DataFrame, position: int, ignored: Codes, account_id: int, field: str
    ) -> tuple[int, int]:
        """How many contacts of an account there are at the capture at `position` of the usable captures, and how many of them
        hold a value of the field (not null, not an empty list).
        """

    def contacts(
        self, after: datetime | None, until: datetime, ignored: Codes
    ) -> AbstractContextManager[pa.RecordBatchReader]:
        """Batches of model.CONTACTS and `seen_at`: the last row of each contact that a capture in (after, until] mentions."""

    def fields(self) -> pa.Table:
        """model.FIELDS: labels and types of the custom fields."""

    def entries_there(self, entries: Codes) -> Codes:
        """Which of the entries the journal still holds."""

    def late_entries(self, recorded_after: datetime, after: datetime, until: datetime) -> pd.DataFrame:
        """entry_id, contact_id, occurred_at of the entries of (after, until] that became visible after a moment."""

    def weights(self, after: datetime, until: datetime) -> pd.DataFrame:
        """window_end, weight: journal entries and changed rows a window of (after, until] that holds any."""


@runtime_checkable
class SightedSession(Session, Protocol):
    """A session on a source whose contacts and journal are read in one snapshot: what that held lies before it (rule 9, sight)."""

    def seen_journal(self, captures: pd.DataFrame, first: int, last: int, after: datetime, until: datetime) -> pa.Table:
        """model.JOURNAL: the entries first seen after the capture at `first` of the usable ones, until the one before `last`; and
        of those that the very first one held, which no pair encloses, the ones that happened in (after, until].
        """


@runtime_checkable
class RecountingSession(Session, Protocol):
    """A session on a source whose captures may change after they were loaded."""

    def contents(self, captures: Codes, digested: Codes) -> pd.DataFrame:
        """snapshot_id, row_count, digest, digest_version: what the rows of captures come to; a digest for some of them only."""


@runtime_checkable
class JudgingSession(Session, Protocol):
    """A session on a source that nothing but its own constraints keeps in order; what these do not exclude is looked for.

    Its tables of model.STATES and model.JOURNAL have the columns of model.JUDGED, too.
    """

    def adrift(self, after: datetime, until: datetime, of_none: bool, ignored: Codes) -> pa.Table:
        """model.STATES: the capture rows that name no contact, in the captures of (after, until]; and those of no capture, `of_none`."""

    def unusable_rows(self, captures: Codes) -> pa.Table:
        """model.STATES: the rows of these captures that cannot be used, with their faults."""

    def last_known(self, captures: pd.DataFrame, position: int, contacts: Codes, ignored: Codes) -> pd.DataFrame:
        """contact_id, known_at, lost_at (UTC): when a usable capture until the one at `position` last said what each contact was, null
        where none ever did; and when one after that first had a row of it that cannot be used.
        """

    def next_known(self, after: datetime, contacts: Codes, ignored: Codes) -> pd.DataFrame:
        """contact_id, known_at (UTC): when a capture after a moment first says what each contact is; no row where none does."""

    def journal_of(self, contacts: Codes, after: datetime, until: datetime) -> pa.Table:
        """model.JOURNAL: the entries of these contacts that happened in (after, until]."""

    def early_entries(self, capture: int, after: datetime, until: datetime) -> pa.Table:
        """model.JOURNAL: the entries that happened in (after, until] of contacts of which this capture has a row that cannot be used."""

    def undated_entries(self) -> pa.Table:
        """model.JOURNAL: the entries without any moment that can be told."""

    def unusable(self) -> list[str]:
        """Sentences about the captures and labels that cannot be used."""


class Source(Protocol):
    """A source adapter, connected to one helpdesk database."""

    adapter: str

    def session(self) -> AbstractContextManager[Session]:
        """Open a session. Raises SourceError where the database cannot be read as expected."""
