"""The pipeline: extract → derive → load for a list of windows; what the DAGs' tasks call.

One code path for the sync and the backfill: they differ in which windows they ask for, and in how frames go from step to step.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa

from contact_audit import model
from contact_audit.attribution import conservation
from contact_audit.attribution.attribute import Derived, attribute
from contact_audit.attribution.schema_changes import Use, schema_changes
from contact_audit.database import audit_connection, where
from contact_audit.errors import AuditDatabaseError
from contact_audit.evidence.states import Evidence, Extract, read
from contact_audit.evidence.values import Codes
from contact_audit.log import migrations
from contact_audit.log.audit_log import AuditLog
from contact_audit.log.contacts import Forward, bring_forward, keep_labels
from contact_audit.log.load import replace
from contact_audit.log.loads import Load, Loaded
from contact_audit.runs import contacts
from contact_audit.runs.planning import windows_with_other_captures
from contact_audit.settings import Settings
from contact_audit.sources import Session, Source, open_source
from contact_audit.sources.extraction import Captures, extract, reach
from contact_audit.windows import Span, window_of


@dataclass(frozen=True)
class Extracted:
    """What was read for a span, with what the load will need of it.

    Attributes:
        extract: the evidence, raw.
        forward: what to bring audit.contacts forward to (None: nothing); contacts: batches of model.CONTACTS for it,
        read when asked.
        contacts_complete: whether these are all contacts that are there.
        fields: labels and types of custom fields, where contacts go forward.
        captures: window_end, snapshot_id, full of the span's captures; captures_there: ids of all captures; last_full: id and moment of
            the last full one before the span.
        newest_recorded_at, newest_entry_id: how far the journal reached.
        read_after, read_until: entries of this time were read.
    """

    extract: Extract
    forward: Forward | None
    contacts: Callable[[], Iterable[pa.Table]]
    contacts_complete: bool
    fields: pa.Table
    captures: pd.DataFrame
    captures_there: Codes
    last_full: tuple[int, datetime] | None
    newest_recorded_at: datetime | None
    newest_entry_id: int | None
    read_after: datetime
    read_until: datetime


@dataclass(frozen=True)
class Checked:
    """What was derived for a span, with what proves it: the captured states and the replay (conservation.py)."""

    span: Span
    events: pd.DataFrame
    entries_without_event: pd.DataFrame
    rejected: pd.DataFrame
    schema_changes: pd.DataFrame
    schema_change_values: pd.DataFrame
    captured: pd.DataFrame
    replayed: pd.DataFrame
    contacts: Codes
    entries_seen: Codes


@dataclass
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
    newer: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, loaded: "Loaded | Report") -> None:
        """Add what another load did."""
        for name in ("windows", "events", "entries_without_event", "rejected", "superseded", "schema_changes"):
            setattr(self, name, getattr(self, name) + getattr(loaded, name))
        for name in ("by_action", "by_attribution"):
            counts = getattr(self, name)
            for key, count in getattr(loaded, name).items():
                counts[key] = counts.get(key, 0) + count
        self.evidence_lost |= loaded.evidence_lost
        self.newer += loaded.newer
        if isinstance(loaded, Report):
            self.entries += loaded.entries
            self.notes += loaded.notes

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON-able data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Report":
        """The report that `as_dict` gave; what else is in the data is left out."""
        return cls(**{one.name: data[one.name] for one in fields(cls) if one.name in data})


class Pipeline:
    """Extract, derive and load, between one helpdesk and one audit database.

    Attributes:
        settings: the run's settings; source: the adapter; audit_dsn: the audit database.
    """

    def __init__(self, settings: Settings, helpdesk_dsn: str, audit_dsn: str) -> None:
        self.settings = settings
        self.audit_dsn = audit_dsn
        self.source: Source = open_source(settings, helpdesk_dsn)

    def check(self, dry_run: bool = False) -> None:
        """Refuse an audit database that is not migrated to this version, or that another adapter fills; else claim it."""
        current, head = migrations.current(self.audit_dsn), migrations.head()
        if current != head:
            raise AuditDatabaseError(
                f"the audit database {where(self.audit_dsn)} is at revision {current or 'none'}, this version needs {head}. "
                "Run: make migrate"
            )
        with audit_connection(self.audit_dsn) as connection:
            AuditLog(connection).claim(self.source.adapter)
            if dry_run:
                connection.rollback()

    def read_state(self, settled: bool = False) -> dict[str, Any]:
        """What the runs before remember (audit.state), and how far the ledger reaches.

        `settled` waits for the loads that have appended to the ledger and not committed, so that none is below that unseen.
        """
        with audit_connection(self.audit_dsn) as connection:
            log = AuditLog(connection)
            if settled:
                log.query("appended")
            return {str(name): value for name, value in log.query("state").iloc[0].items()}

    def read_captures(self, session: Session, more: Mapping[int, str] | None = None) -> Captures:
        """The source's captures under the decisions made about them, and `more` of them."""
        with audit_connection(self.audit_dsn) as connection:
            decisions = AuditLog(connection).decisions()
        return Captures.read(session, decisions | dict(more or {}))

    def extract(
        self, session: Session, captures: Captures, span: Span, state: dict[str, Any], bring_contacts: bool = True
    ) -> Extracted:
        """Read a span's evidence. `state` is brought forward with the contacts, so that the next span goes on from there."""
        settings = self.settings
        evidence = extract(session, captures, span, settings.skew, settings.brake_share)
        scope = reach(captures, span, settings.skew)
        newest_recorded_at, newest_entry_id = session.newest_entry()
        at = captures.usable["captured_at"]
        inside = captures.usable[(at > pd.Timestamp(span.start)) & (at <= pd.Timestamp(span.end))]
        ends = pd.to_datetime([window_of(moment.to_pydatetime()).end for moment in inside["captured_at"]], utc=True)
        newest = int(at.searchsorted(pd.Timestamp(span.end), side="right")) - 1
        forward = contacts.plan_forward(captures, state, newest) if bring_contacts and newest >= 0 else None
        if self._other_captures(captures, span):
            # What a late capture says, or an ignored one said, of a contact may be the last word on it.
            forward = contacts.fill_anew(captures, state, forward)
        batches: Callable[[], Iterable[pa.Table]] = tuple
        complete = False
        if forward is not None:
            shown = state["contacts_captured_at"]
            first = evidence.captures["captured_at"].iloc[:1]  # none where the span lies after all captures
            if forward.since is not None and (first <= shown).any():
                batches = lambda: [contacts.from_states(evidence)]  # noqa: E731
            else:
                complete = forward.full
                batches = lambda: contacts.from_source(session, captures, forward)  # noqa: E731
            state |= {"contacts_snapshot_id": forward.snapshot_id, "contacts_captured_at": forward.captured_at}
        return Extracted(
            extract=evidence,
            forward=forward,
            contacts=batches,
            contacts_complete=complete,
            fields=session.fields() if forward is not None else model.FIELDS.empty_table(),
            captures=pd.DataFrame(
                {
                    "window_end": ends,
                    "snapshot_id": inside["snapshot_id"].to_numpy(np.int64),
                    "full": (inside["kind"] == "full").to_numpy(bool),
                }
            ),
            captures_there=np.union1d(captures.every, captures.ignored),  # an ignored one may go
            last_full=captures.last_full(span.start),
            newest_recorded_at=newest_recorded_at,
            newest_entry_id=newest_entry_id,
            read_after=scope.after,
            read_until=scope.until,
        )

    def _other_captures(self, captures: Captures, span: Span) -> bool:
        """Whether windows of the span were loaded with other captures than there are now."""
        with audit_connection(self.audit_dsn) as connection:
            loaded = AuditLog(connection).loaded(span.start, span.end)
        return bool(windows_with_other_captures(loaded, captures))

    def derive(self, raw: Extract) -> Checked:
        """Diff and attribute a span's evidence; the source is asked only where a field may have changed for all contacts at once."""
        evidence = read(raw)
        with ExitStack() as stack:
            use = self._use(stack)
            schema = schema_changes(evidence, self.settings.schema_change_contacts, use)
        derived = attribute(evidence, self.settings.skew, schema)
        _validate(derived)
        conservation.check_entries(evidence, derived)
        return _checked(raw, evidence, derived)

    def _use(self, stack: ExitStack) -> Use:
        """How many contacts there are, and how many hold a field, at a capture: read when it is first asked for."""
        opened: list[tuple[Session, Captures]] = []

        def use(snapshot_id: int, account_id: int, field: str) -> tuple[int, int] | None:
            if not opened:
                session = stack.enter_context(self.source.session())
                opened.append((session, self.read_captures(session)))
            session, captures = opened[0]
            position = np.flatnonzero(captures.usable["snapshot_id"].to_numpy(np.int64) == snapshot_id)
            if not len(position):
                return None
            return session.field_use(captures.usable, int(position[0]), captures.ignored, account_id, field)

        return use

    def load(
        self,
        checked: Checked,
        extracted: Extracted,
        run_id: str,
        whole_until: datetime,
        reason: str = "evidence changed",
        accept_lost_evidence: bool = False,
        dry_run: bool = False,
    ) -> Report:
        """Replace the span's windows in one transaction, with the conservation law checked inside it. A dry run rolls back."""
        load = Load(
            windows=checked.span.windows,
            events=checked.events,
            entries_without_event=checked.entries_without_event,
            rejected=checked.rejected,
            schema_changes=checked.schema_changes,
            schema_change_values=checked.schema_change_values,
            captures=extracted.captures,
            captures_there=extracted.captures_there,
            last_full=extracted.last_full,
            entries_seen=checked.entries_seen,
            read_after=extracted.read_after,
            read_until=extracted.read_until,
            newest_recorded_at=extracted.newest_recorded_at,
            newest_entry_id=extracted.newest_entry_id,
            whole_until=whole_until,
        )
        report = Report()
        with audit_connection(self.audit_dsn) as connection:
            log = AuditLog(connection)
            report.add(replace(log, load, run_id, reason, self.entries_there, accept_lost_evidence))
            report.entries = _entries(checked, {*report.evidence_lost, *report.newer})
            conservation.check(checked.captured, checked.replayed, checked.contacts)
            if extracted.forward is not None and not dry_run:
                bring_forward(log, extracted.forward, extracted.contacts(), extracted.contacts_complete)
                keep_labels(log, extracted.fields, extracted.forward.captured_at)
            if dry_run:
                connection.rollback()
        return report

    def entries_there(self, entries: Codes) -> Codes:
        """Which of the journal entries the source still holds."""
        with self.source.session() as session:
            return session.entries_there(entries)

    def finish(self, run_id: str, report: Report, **remembered: Any) -> None:
        """Remember what the run did, for the next one and for audit.sync_status; count its days for audit.daily_activity."""
        values = {
            "healed_recorded_at": None,
            "healed_ledger_sequence": None,
            "complete_until": None,
            "waiting_entries": 0,
            "waiting_since": None,
        }
        with audit_connection(self.audit_dsn) as connection:
            text = orjson.dumps(report.as_dict()).decode()
            AuditLog(connection).query("finish", **(values | remembered), run_id=run_id, report=text)
        self.count_days()

    def count_days(self) -> None:
        """Count the days whose events loads have changed since the last time; what is not counted is only slower to read."""
        with audit_connection(self.audit_dsn) as connection:
            AuditLog(connection).query("count_days")


def _entries(checked: Checked, kept: set[str]) -> int:
    """How many journal entries are accounted for in all windows but those kept as they were (their ends, ISO)."""
    kept_ends = [datetime.fromisoformat(end) for end in kept]
    events, without, rejected = (
        frame[~frame["window_end"].isin(kept_ends)]
        for frame in (checked.events, checked.entries_without_event, checked.rejected)
    )
    told = [events["journal_entry_id"].dropna().to_numpy(np.int64)]
    told += [np.array(orjson.loads(text), np.int64) for text in events["candidates"].dropna()]
    unused = rejected[(rejected["relation"] == "contact_journal") & ~rejected["used"]]
    return len(np.unique(np.concatenate(told))) + len(without) + len(unused)


def _validate(derived: Derived) -> None:
    model.EVENTS.validate(derived.events)
    model.ENTRIES_WITHOUT_EVENT.validate(derived.entries_without_event)
    model.REJECTED.validate(derived.rejected)
    model.SCHEMA_CHANGES.validate(derived.schema_changes)
    model.SCHEMA_CHANGE_VALUES.validate(derived.schema_change_values)


def _checked(raw: Extract, evidence: Evidence, derived: Derived) -> Checked:
    return Checked(
        span=raw.span,
        events=derived.events,
        entries_without_event=derived.entries_without_event,
        rejected=derived.rejected,
        schema_changes=derived.schema_changes,
        schema_change_values=derived.schema_change_values,
        captured=conservation.captured(evidence, derived),
        replayed=conservation.replayed(evidence, derived),
        contacts=evidence.contacts,
        entries_seen=raw.journal["entry_id"].to_numpy(),
    )
