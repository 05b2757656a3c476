"""The sync: which windows are due, and each step of their way, frames handed over on object storage.

Each function is one task of the DAG contact_audit_sync; what it returns is plain data.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from contact_audit.database import audit_connection
from contact_audit.errors import SettingsError
from contact_audit.log.audit_log import AuditLog
from contact_audit.runs.capturing import take_capture
from contact_audit.runs.contents import contents, keep_gone, known, newest, rewritten, windows_of
from contact_audit.runs.handover import (
    SpanMeta,
    get_checked,
    get_evidence,
    get_extracted,
    marked,
    put_checked,
    put_extracted,
    unmarked,
)
from contact_audit.runs.healing import clock_notes, late_windows, seen_until, waiting, windows_across
from contact_audit.runs.neighbours import extract_settled, whole_until_with
from contact_audit.runs.outcome import Report
from contact_audit.runs.pipeline import Pipeline, use_of
from contact_audit.runs.planning import Due, due_windows, parts_of, windows_with_other_captures
from contact_audit.runs.staging import Staging
from contact_audit.runs.steps import Shown
from contact_audit.sources import Session
from contact_audit.sources.extraction import Captures
from contact_audit.windows import LENGTH, LONG_AGO, Span, Window, floor_border, spans

Say = Callable[[str], None]


def own_window(
    run_type: str, logical_date: datetime | None, interval_end: datetime | None, run_after: datetime, now: datetime
) -> Window:
    """The window that a run is for: its data interval; of a manual run, the last whole one at its logical date, or now.

    A manual run's interval does not count: from the command line, it is that of the moment, whatever the logical date.
    SettingsError where the window has not ended yet.
    """
    planned = run_type in ("scheduled", "backfill") and interval_end is not None
    window = Window(floor_border((interval_end if planned else logical_date) or run_after))
    if not planned and window.end > now:
        raise SettingsError(
            f"the window up to {window.end.isoformat()} has not ended; valid logical dates: up to {now.isoformat()}."
        )
    return window


def find_due(pipeline: Pipeline, own: Window, only_own: bool, say: Say) -> dict[str, Any]:
    """Find the windows that are due for the run of this own window (`only_own`, for Airflow's own backfill: no other).

    The plan: spans [[start, end], ...], own_end, left_over, notes, healed_recorded_at, healed_ledger_sequence, clock.
    """
    pipeline.check()
    captured = [] if only_own else take_capture(pipeline, say)
    state = pipeline.read_state(settled=not only_own)
    with pipeline.source.session() as session, audit_connection(pipeline.audit_dsn) as connection:
        log = AuditLog(connection)
        captures = Captures.read(session, log.decisions())
        newest_recorded_at, _ = session.newest_entry()
        clock = session.clock()
        if only_own:
            due, gone = Due({own: "own"}), []
        else:
            loaded = log.loaded(LONG_AGO, own.end + LENGTH)
            recorded_after = seen_until(log, state, pipeline.settings.overlap, clock)
            late = late_windows(session, log, captures, loaded, recorded_after, pipeline.settings)
            hours = pipeline.settings.capture_check_hours
            found = rewritten(log, contents(session, captures, known(log, newest(captures, hours)), hours))
            gone = keep_gone(log, found)
            changed = windows_of(captures, found.changed)
            changed |= windows_across(session, log, captures, changed | windows_with_other_captures(loaded, captures))
            due = due_windows(own, loaded, captures, late, changed).limit(pipeline.settings.max_windows)
        parts = [part for span in spans(due.windows) for part in _parts(session, span)]
    notes = [*_notes(own, due), *clock_notes(state, clock), *gone, *captures.notes]
    for note in notes:
        say(note)
    notes = captured + notes
    healed = not only_own and not due.left_over
    return marked(
        {
            "spans": [[part.start.isoformat(), part.end.isoformat()] for part in parts],
            "own_end": own.end.isoformat(),
            "only_own": only_own,
            "left_over": due.left_over,
            "notes": notes,
            "healed_recorded_at": newest_recorded_at.isoformat() if healed and newest_recorded_at else None,
            "healed_ledger_sequence": int(state["ledger_sequence"]) if healed else None,
            "clock": clock.server.isoformat() if healed else None,
        }
    )


def extract_due(pipeline: Pipeline, plan: dict[str, Any], staging: Staging, say: Say) -> list[dict[str, Any]]:
    """Read the evidence of all due spans, from one snapshot of the helpdesk, into the staging folder."""
    asked = [Span(*map(datetime.fromisoformat, span)) for span in unmarked(plan)["spans"]]
    shown = Shown.of(pipeline.read_state())
    metas: list[dict[str, Any]] = []
    with pipeline.source.session() as session:
        captures = pipeline.read_captures(session)
        for number, span in enumerate(asked):
            extracted = extract_settled(pipeline, session, captures, span, shown, use_of(session, captures))
            metas.append(put_extracted(staging, number, extracted))
            shown = extracted.shown_after(shown)
            raw = extracted.evidence
            say(f"{_told(raw.span)}: read {raw.states.num_rows} states, {raw.journal.num_rows} journal entries")
    return metas


def derive_due(pipeline: Pipeline, metas: list[dict[str, Any]], staging: Staging, say: Say) -> None:
    """Diff and attribute all spans."""
    with pipeline.field_use() as use:
        for number, data in enumerate(metas):
            meta = SpanMeta.of(data)
            checked = pipeline.derive(get_evidence(staging, number, meta), use)
            put_checked(staging, number, checked)
            say(f"{_told(meta.span)}: {len(checked.rows.events)} events")


def load_due(
    pipeline: Pipeline, plan: dict[str, Any], metas: list[dict[str, Any]], staging: Staging, run_id: str, say: Say
) -> dict[str, Any]:
    """Load all spans, oldest first, each in a transaction of its own; the report as plain data."""
    report = Report(notes=unmarked(plan)["notes"])
    whole_until = datetime.fromisoformat(plan["own_end"])
    for number, data in enumerate(metas):
        meta = SpanMeta.of(data)
        checked, extracted = get_checked(staging, number, meta), get_extracted(staging, number, meta)
        asked_until = datetime.fromisoformat(plan["spans"][number][1])
        one = pipeline.load(checked, extracted, run_id, whole_until_with(meta.span, asked_until, whole_until))
        report += one
        say(f"{_told(meta.span)}: loaded {one.windows} windows, {one.events} events")
    return report.as_dict()


def finish_sync(pipeline: Pipeline, plan: dict[str, Any], report: Report, run_id: str) -> None:
    """Remember what the run saw and did."""
    plan = dict(unmarked(plan))
    remembered: dict[str, Any] = {}
    with pipeline.source.session() as session, audit_connection(pipeline.audit_dsn) as connection:
        log = AuditLog(connection)
        captures = Captures.read(session, log.decisions())
        remembered["waiting_entries"], remembered["waiting_since"] = waiting(
            session, log, captures, pipeline.settings.skew
        )
    if not plan["only_own"] and not plan["left_over"]:
        remembered["complete_until"] = plan["own_end"]
    for name in ("healed_recorded_at", "healed_ledger_sequence", "clock"):
        remembered[name] = plan[name]
    pipeline.finish(run_id, report, **remembered)


def _told(span: Span) -> str:
    return f"{span.start.isoformat()} to {span.end.isoformat()}"


def _parts(session: Session, span: Span) -> list[Span]:
    """A long span in parts that fit memory."""
    if len(span.windows) <= 8:
        return [span]
    return parts_of(span, session.weights(span.start, span.end))


def _notes(own: Window, due: Due) -> list[str]:
    if not due.reasons:
        return [
            f"nothing due: everything up to {own.end:%Y-%m-%d %H:%M} UTC is loaded and its evidence has not changed"
        ]
    counts: dict[str, int] = {}
    for reason in due.reasons.values():
        counts[reason] = counts.get(reason, 0) + 1
    told = ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items()))
    notes = [f"{len(due.reasons)} windows due up to {max(due.reasons).end:%Y-%m-%d %H:%M} UTC ({told})"]
    if due.left_over and due.left_from and due.left_to:
        notes.append(
            f"{due.left_over} more windows are due and left to the next run; to do them now: contact_audit_backfill "
            f"with from={due.left_from.isoformat()}, to={due.left_to.isoformat()}"
        )
    return notes
