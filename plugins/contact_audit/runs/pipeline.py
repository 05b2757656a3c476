"""The pipeline: extract → derive → load for a list of windows; what the DAGs' tasks call.

One code path for the sync and the backfill: they differ in which windows they ask for, and in how frames go from step to step.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import pandas as pd

from contact_audit import model
from contact_audit.attribution import conservation
from contact_audit.attribution.attribute import Derived, attribute
from contact_audit.attribution.schema_changes import Use, schema_changes
from contact_audit.connections import where
from contact_audit.database import audit_connection
from contact_audit.errors import AuditDatabaseError
from contact_audit.evidence.states import Extract, read
from contact_audit.evidence.values import Codes
from contact_audit.log import migrations
from contact_audit.log.audit_log import AuditLog
from contact_audit.log.contacts import bring_forward, keep_labels
from contact_audit.log.ledger import append
from contact_audit.log.load import replace
from contact_audit.log.loads import Held, Load, Reached, Rows
from contact_audit.runs import contacts
from contact_audit.runs.contents import contents, keep_contents, rewritten, without_gone
from contact_audit.runs.outcome import Report
from contact_audit.runs.planning import windows_with_other_captures
from contact_audit.runs.steps import Checked, Extracted, Proof, Shown
from contact_audit.settings import Settings
from contact_audit.sources import Session, Source, open_source
from contact_audit.sources.extraction import Captures, extract
from contact_audit.windows import Span, window_of


class Pipeline:
    """Extract, derive and load, between one helpdesk and one audit database.

    Attributes:
        settings: the run's settings; source: the adapter; audit_dsn: the audit database.
    """

    def __init__(self, settings: Settings, helpdesk_dsn: str, audit_dsn: str) -> None:
        self.settings = settings
        self.audit_dsn = audit_dsn
        self.source: Source = open_source(settings, helpdesk_dsn, audit_dsn)

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
        self, session: Session, captures: Captures, span: Span, shown: Shown, bring_contacts: bool = True
    ) -> Extracted:
        """Read a span's evidence, and what brings audit.contacts forward from the capture that it shows."""
        evidence = extract(session, captures, span, self.settings.skew, self.settings.brake_share)
        forward = contacts.plan_forward(captures, shown, span.end) if bring_contacts else None
        held, changed = self._held(session, captures, span)
        if changed:
            # What a late capture says, or an ignored one said, of a contact may be the last word on it.
            forward = contacts.fill_anew(captures, shown, forward)
        return Extracted(
            evidence=evidence,
            held=held,
            reached=Reached(*session.newest_entry(), session.clock().server),
            contacts=None if forward is None else contacts.of(session, captures, evidence, shown, forward),
        )

    def _held(self, session: Session, captures: Captures, span: Span) -> tuple[Held, bool]:
        """The captures that there are; and whether windows of the span were loaded with others, or with other rows of them."""
        inside = _inside(captures, span)
        rows = contents(session, captures, inside["snapshot_id"].to_numpy(np.int64), self.settings.capture_check_hours)
        there = np.union1d(captures.every, captures.ignored)  # an ignored one may go
        with audit_connection(self.audit_dsn) as connection:
            log = AuditLog(connection)
            others = windows_with_other_captures(log.loaded(span.start, span.end), captures)
            found = rewritten(log, rows)
            there = without_gone(log, there, found)
        return Held(inside, rows, there, captures.last_full(span.start)), bool(others or found.changed)

    def derive(self, raw: Extract, use: Use) -> Checked:
        """Diff and attribute a span's evidence; `use` is asked only where a field may have changed for all contacts at once."""
        evidence = read(raw)
        schema = schema_changes(evidence, self.settings.schema_change_contacts, use)
        derived = attribute(evidence, self.settings.skew, schema)
        conservation.check_entries(evidence, derived)
        return Checked(
            span=raw.span,
            rows=_validated(derived),
            proof=Proof(
                conservation.captured(evidence, derived), conservation.replayed(evidence, derived), evidence.contacts
            ),
            entries_seen=raw.journal["entry_id"].drop_null().to_numpy(),
        )

    @contextmanager
    def field_use(self) -> Iterator[Use]:
        """How fields are used, for a step that has no session of the source: one is opened when it is first asked."""
        with ExitStack() as stack:
            asked: list[Use] = []

            def use(snapshot_id: int, account_id: int, field: str) -> tuple[int, int] | None:
                if not asked:
                    session = stack.enter_context(self.source.session())
                    asked.append(use_of(session, self.read_captures(session)))
                return asked[0](snapshot_id, account_id, field)

            yield use

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
        windows, proof, brought = checked.span.windows, checked.proof, extracted.contacts
        load = Load(windows, checked.rows, extracted.held, extracted.reached, checked.entries_seen, whole_until)
        with audit_connection(self.audit_dsn) as connection:
            log = AuditLog(connection)
            loaded, entries = replace(log, load, run_id, reason, self.entries_there, accept_lost_evidence)
            keep_contents(
                log,
                extracted.held,
                {*loaded.evidence_lost, *loaded.newer} if not accept_lost_evidence else set(),
                run_id,
            )
            conservation.check(proof.captured, proof.replayed, proof.contacts)
            if brought is not None and not dry_run:
                bring_forward(log, brought.forward, brought.batches(), brought.complete)
                keep_labels(log, brought.fields, brought.forward.captured_at)
            if dry_run:
                connection.rollback()
            else:
                append(log, entries)  # the last thing before the commit: other loads wait from here on
        return Report.of(loaded, _entries(checked.rows, {*loaded.evidence_lost, *loaded.newer}))

    def entries_there(self, entries: Codes) -> Codes:
        """Which of the journal entries the source still holds."""
        with self.source.session() as session:
            return session.entries_there(entries)

    def finish(self, run_id: str, report: Report, **remembered: Any) -> None:
        """Remember what the run did, for the next one and for audit.sync_status; count its days for audit.daily_activity."""
        values = {
            "healed_recorded_at": None,
            "healed_ledger_sequence": None,
            "clock": None,
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


def use_of(session: Session, captures: Captures) -> Use:
    """How many contacts there are at a capture, and how many hold a field, as a session of the source sees it."""

    def use(snapshot_id: int, account_id: int, field: str) -> tuple[int, int] | None:
        position = np.flatnonzero(captures.usable["snapshot_id"].to_numpy(np.int64) == snapshot_id)
        if not len(position):
            return None
        return session.field_use(captures.usable, int(position[0]), captures.ignored, account_id, field)

    return use


def _inside(captures: Captures, span: Span) -> pd.DataFrame:
    """window_end, snapshot_id, full of the span's captures."""
    at = captures.usable["captured_at"]
    inside = captures.usable[(at > pd.Timestamp(span.start)) & (at <= pd.Timestamp(span.end))]
    return pd.DataFrame(
        {
            "window_end": pd.to_datetime(
                [window_of(moment.to_pydatetime()).end for moment in inside["captured_at"]], utc=True
            ),
            "snapshot_id": inside["snapshot_id"].to_numpy(np.int64),
            "full": (inside["kind"] == "full").to_numpy(bool),
        }
    )


def _entries(rows: Rows, kept: set[str]) -> int:
    """How many journal entries are accounted for in all windows but those kept as they were (their ends, ISO)."""
    kept_ends = [datetime.fromisoformat(end) for end in kept]
    events, without, rejected = (
        frame[~frame["window_end"].isin(kept_ends)]
        for frame in (rows.events, rows.entries_without_event, rows.rejected)
    )
    told = [events["journal_entry_id"].dropna().to_numpy(np.int64)]
    told += [np.array(orjson.loads(text), np.int64) for text in events["candidates"].dropna()]
    unused = rejected[(rejected["relation"] == "contact_journal") & ~rejected["used"]]
    return len(np.unique(np.concatenate(told))) + len(without) + len(unused)


def _validated(derived: Derived) -> Rows:
    """What goes into the log, once each frame has shown that it keeps its contract."""
    return Rows(
        events=model.EVENTS.validate(derived.events),
        entries_without_event=model.ENTRIES_WITHOUT_EVENT.validate(derived.entries_without_event),
        rejected=model.REJECTED.validate(derived.rejected),
        schema_changes=model.SCHEMA_CHANGES.validate(derived.schema_changes),
        schema_change_values=model.SCHEMA_CHANGE_VALUES.validate(derived.schema_change_values),
    )
