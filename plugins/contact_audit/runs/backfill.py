"""The backfill: the same windows as the sync's, in chunks, each through the same pipeline; safe to repeat, stop and resume.

Each function is one task of the DAG contact_audit_backfill; what it returns is plain data.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from contact_audit.database import audit_connection
from contact_audit.errors import SettingsError
from contact_audit.log.audit_log import AuditLog
from contact_audit.runs.capturing import derive_anew, take_capture
from contact_audit.runs.contents import contents, keep_gone, rewritten
from contact_audit.runs.handover import marked, unmarked
from contact_audit.runs.healing import clock_notes, in_the_future, late_windows, waiting, windows_across
from contact_audit.runs.neighbours import extract_settled, whole_until_with
from contact_audit.runs.outcome import Report
from contact_audit.runs.pipeline import Pipeline, use_of
from contact_audit.runs.planning import CHUNKS, cut_into_chunks, ends_of, label, parts_of, windows_with_other_captures
from contact_audit.runs.steps import Shown
from contact_audit.sources import Session
from contact_audit.sources.base import Clock
from contact_audit.sources.extraction import Captures
from contact_audit.sql import statement
from contact_audit.windows import HISTORY_START, LONG_AGO, Span, Window, floor_border, spans

Say = Callable[[str], None]


@dataclass(frozen=True)
class Request:
    """What a backfill is asked to do.

    Attributes:
        span: the windows; chunk: auto, day, week, month or year; max_parallel: how many chunks at a time.
        force: derive loaded windows anew; dry_run: report what would change and write nothing.
        accept_lost_evidence: replace windows though the source has forgotten what their rows rest on.
        decisions: capture id → (accept or ignore, reason).
        notes: what was changed about the request.
    """

    span: Span
    chunk: str
    max_parallel: int
    force: bool
    dry_run: bool
    accept_lost_evidence: bool
    decisions: dict[int, tuple[str, str]]
    notes: list[str]

    @classmethod
    def from_params(cls, params: dict[str, Any], now: datetime) -> "Request":
        """Read the DAG's params; SettingsError with the valid range for what cannot be done. Moments are floored to
        window borders.
        """
        newest = floor_border(now)
        valid = f"valid: {HISTORY_START.isoformat()} to {newest.isoformat()}, from before to"
        notes: list[str] = []
        start = _border("from", params.get("from") or HISTORY_START.isoformat(), notes)
        end = _border("to", params.get("to") or newest.isoformat(), notes)
        if start < HISTORY_START:
            raise SettingsError(f"from={start.isoformat()} lies before the history; {valid}.")
        if end > newest:
            raise SettingsError(f"to={end.isoformat()} lies in the future: its windows have not ended; {valid}.")
        if start >= end:
            raise SettingsError(f"from={start.isoformat()} is not before to={end.isoformat()}; {valid}.")
        chunk = params.get("chunk") or "auto"
        if chunk not in CHUNKS:
            raise SettingsError(f"chunk={chunk!r} is no chunk size; valid: {', '.join(CHUNKS)}.")
        parallel = params.get("max_parallel", 2)
        if not isinstance(parallel, int) or isinstance(parallel, bool) or not 1 <= parallel <= 64:
            raise SettingsError(f"max_parallel={parallel!r} is no number of chunks; valid: 1 to 64.")
        flags = {name: params.get(name, False) for name in ("force", "dry_run", "accept_lost_evidence")}
        for name, flag in flags.items():
            if not isinstance(flag, bool):
                raise SettingsError(f"{name}={flag!r} is neither true nor false.")
        decisions = _decisions(params.get("decisions") or {})
        return cls(Span(start, end), chunk, parallel, decisions=decisions, notes=notes, **flags)


def plan_chunks(pipeline: Pipeline, request: Request, most: int, decided_by: str, say: Say) -> list[dict[str, Any]]:
    """Write the decisions, and cut the request into at most `most` chunks, newest first: {start, end, label, newest}."""
    pipeline.check(request.dry_run)
    for note in request.notes:
        say(note)
    with audit_connection(pipeline.audit_dsn) as connection:
        log = AuditLog(connection)
        for snapshot_id, (decision, reason) in request.decisions.items():
            say(f"capture {snapshot_id}: {decision} ({reason}), decided by {decided_by}")
            if not request.dry_run:
                log.query("decide", snapshot_id=snapshot_id, decision=decision, decided_by=decided_by, reason=reason)
    if request.dry_run:
        say("a dry run takes no capture: it works on those that are there")
    else:
        take_capture(pipeline, say)
        if request.force:
            derive_anew(pipeline, say)
    with pipeline.source.session() as session:
        weights = session.weights(request.span.start, request.span.end)
    chunks, size = cut_into_chunks(request.span, request.chunk, weights, most)
    if size != request.chunk:
        say(f"chunks by {request.chunk} would be more than {most}; taking {size}")
    say(f"{len(request.span.windows)} windows in {len(chunks)} chunks, {int(weights['weight'].sum())} rows of evidence")
    return [
        marked(
            {
                "start": chunk.start.isoformat(),
                "end": chunk.end.isoformat(),
                "label": label(chunk),
                "newest": chunk.end == request.span.end,
            }
        )
        for chunk in reversed(chunks)
    ]


def run_chunk(pipeline: Pipeline, chunk: dict[str, Any], request: Request, run_id: str, say: Say) -> dict[str, Any]:
    """Extract, derive and load a chunk's windows that are not loaded yet or whose evidence has changed (all with `force`).

    What it did: the report as data, and label, seconds, skipped.
    """
    span = Span(datetime.fromisoformat(unmarked(chunk)["start"]), datetime.fromisoformat(chunk["end"]))
    report, begun, done = Report(), time.monotonic(), 0
    with _lane(pipeline.audit_dsn, request.max_parallel), pipeline.source.session() as session:
        decided = {snapshot_id: decision for snapshot_id, (decision, _) in request.decisions.items()}
        captures = pipeline.read_captures(session, decided)
        todo = span.windows if request.force else windows_to_do(pipeline, session, captures, span)
        if not todo:
            say(
                f"{chunk['label']}: skipped, its {len(span.windows)} windows are loaded and their evidence has not changed"
            )
            return _outcome(report, chunk, begun, skipped=True)
        if request.force:
            _tell_gone(pipeline, session, captures, span, request.dry_run, say)
        shown, use = Shown.of(pipeline.read_state()), use_of(session, captures)
        parts = [part for one in spans(todo) for part in parts_of(one, session.weights(one.start, one.end))]
        reason = "derived anew by a forced backfill" if request.force else "evidence changed"
        for part in parts:
            extracted = extract_settled(
                pipeline, session, captures, part, shown, use, bring_contacts=bool(chunk["newest"])
            )
            shown = extracted.shown_after(shown)
            checked = pipeline.derive(extracted.evidence, use)
            one = pipeline.load(
                checked,
                extracted,
                run_id,
                whole_until=whole_until_with(checked.span, part.end, request.span.end),
                reason=reason,
                accept_lost_evidence=request.accept_lost_evidence,
                dry_run=request.dry_run,
            )
            report += one
            done += len(part.windows)
            seconds = time.monotonic() - begun
            left = seconds / done * (len(todo) - done)
            say(
                f"{chunk['label']}: {done} of {len(todo)} windows done, {report.events} events, "
                f"{report.events / max(seconds, 1e-9):,.0f} events/s, {left:.0f} s left"
            )
        if not request.dry_run:
            pipeline.count_days()  # side by side with other chunks' work; the run's end counts what is left
    return _outcome(report, chunk, begun, skipped=False)


def finish_backfill(
    pipeline: Pipeline, request: Request, chunks: list[dict[str, Any]], whole: bool, run_id: str
) -> Report:
    """Add up what the chunks did, and remember it; `whole`: none of them failed."""
    report = Report(notes=request.notes)
    for chunk in chunks:
        report += Report.from_dict(chunk)
    if request.dry_run:
        return report
    state = pipeline.read_state()
    remembered: dict[str, Any] = {}
    with pipeline.source.session() as session, audit_connection(pipeline.audit_dsn) as connection:
        log = AuditLog(connection)
        report += Report(notes=clock_notes(state, session.clock()))
        captures = Captures.read(session, log.decisions())
        report += Report(notes=list(captures.notes))
        remembered["waiting_entries"], remembered["waiting_since"] = waiting(
            session, log, captures, pipeline.settings.skew
        )
    complete = state["complete_until"]
    if whole and (complete is None or request.span.start <= complete):
        remembered["complete_until"] = request.span.end
    pipeline.finish(run_id, report, **remembered)
    return report


def _outcome(report: Report, chunk: dict[str, Any], begun: float, skipped: bool) -> dict[str, Any]:
    return report.as_dict() | {"label": chunk["label"], "seconds": time.monotonic() - begun, "skipped": skipped}


def _tell_gone(pipeline: Pipeline, session: Session, captures: Captures, span: Span, dry_run: bool, say: Say) -> None:
    """Compare all captures of a span with what they were loaded with: what rests on rows that are gone is not made poorer."""
    at = captures.usable["captured_at"]
    inside = captures.usable.loc[(at > span.start) & (at <= span.end), "snapshot_id"].to_numpy(np.int64)
    rows = contents(session, captures, inside, pipeline.settings.capture_check_hours)
    with audit_connection(pipeline.audit_dsn) as connection:
        for note in keep_gone(AuditLog(connection), rewritten(AuditLog(connection), rows)):
            say(note)
        if dry_run:
            connection.rollback()


def windows_to_do(pipeline: Pipeline, session: Session, captures: Captures, span: Span) -> list[Window]:
    """The windows of a span that are not loaded, or whose evidence has changed since."""
    state = pipeline.read_state()
    with audit_connection(pipeline.audit_dsn) as connection:
        log, clock = AuditLog(connection), session.clock()
        healed = None if in_the_future(state["healed_recorded_at"], clock) else state["healed_recorded_at"]
        loaded = log.loaded(span.start, span.end)
        seen = [
            _seen(row, healed, int(state["healed_ledger_sequence"]), clock) for row in loaded.itertuples()
        ]  # windows, not rows
        recorded_after = min(*seen, clock.until) - pipeline.settings.overlap if seen else LONG_AGO
        late = late_windows(session, log, captures, loaded, recorded_after, pipeline.settings)
        others = windows_with_other_captures(loaded, captures)
        others |= windows_across(session, log, captures, others)
    done = {Window(end) for end in ends_of(loaded[loaded["whole"].astype(bool)])}
    changed = others | late
    return [window for window in span.windows if window not in done or window in changed]


def _seen(row: Any, healed: datetime | None, sequence: int, clock: Clock) -> datetime:
    nothing = LONG_AGO + timedelta(days=1)
    seen: datetime = nothing if in_the_future(row.newest_recorded_at, clock) else row.newest_recorded_at or nothing
    return max(seen, healed) if healed is not None and row.sequence <= sequence else seen


def _border(name: str, text: str, notes: list[str]) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(
            f"{name}={text!r} is no moment; valid: ISO 8601, as in {HISTORY_START.isoformat()}."
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=HISTORY_START.tzinfo)
    moment = moment.astimezone(HISTORY_START.tzinfo)
    border = floor_border(moment)
    if border != moment:
        notes.append(f"{name}={text} is not on a window border; taking {border.isoformat()}")
    return border


def _decisions(given: Any) -> dict[int, tuple[str, str]]:
    """{"<capture id>": "accept: why"} as decisions."""
    form = 'decisions must map capture ids to "accept: why" or "ignore: why"'
    if not isinstance(given, dict):
        raise SettingsError(f"{form}; got {given!r}.")
    decisions: dict[int, tuple[str, str]] = {}
    for key, text in given.items():
        decision, _, reason = str(text).partition(":")
        if not str(key).isdigit() or decision.strip() not in ("accept", "ignore") or not reason.strip():
            raise SettingsError(f"{form}; got {key!r}: {text!r}.")
        decisions[int(key)] = (decision.strip(), reason.strip())
    return decisions


@contextmanager
def _lane(dsn: str, lanes: int) -> Iterator[None]:
    """Wait until fewer than `lanes` chunks are at work, whichever run they belong to."""
    with audit_connection(dsn) as connection, connection.cursor() as cursor:
        number = 0
        while True:
            cursor.execute(statement("audit/load/lane"), {"lane": number % lanes})
            if cursor.fetchone():
                break
            number += 1
            if number % lanes == 0:
                time.sleep(0.5)
        yield
