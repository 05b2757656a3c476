"""The deep verification: loaded windows derived anew from the evidence, and held against the log row by row.

It goes the runs' way (extract, derive) with a dry load: the rows are put beside the log in temporary tables, in a transaction that may
write nothing else. Windows go through in parts that fit memory.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd
from psycopg2.extensions import connection as Connection

from contact_audit import RULES_VERSION
from contact_audit.database import audit_connection
from contact_audit.evidence.values import Values, parse_each
from contact_audit.log.audit_log import AuditLog
from contact_audit.log.contacts import COLUMNS, Forward
from contact_audit.log.findings import Finding, rows
from contact_audit.log.load import put_beside
from contact_audit.log.loads import Load
from contact_audit.log.never_poorer import kept_windows
from contact_audit.log.verify import More
from contact_audit.runs import contacts
from contact_audit.runs.backfill import windows_to_do
from contact_audit.runs.contents import rewritten, windows_of
from contact_audit.runs.pipeline import Pipeline, use_of
from contact_audit.runs.planning import ends_of, parts_of
from contact_audit.runs.steps import Checked, Extracted, Shown
from contact_audit.sources import Session
from contact_audit.sources.extraction import Captures
from contact_audit.sql import statement
from contact_audit.windows import LONG_AGO, Span, Window, spans

Say = Callable[[str], None]
_END = datetime(9999, 1, 1, tzinfo=LONG_AGO.tzinfo)


@dataclass
class _Seen:
    """What a look comes to, as it goes on: windows by what became of them, and findings."""

    windows: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)


def deep(pipeline: Pipeline, since: datetime | None, until: datetime | None, say: Say) -> More:
    """Derive the windows of (since, until] anew, all of them where None, and audit.contacts, and compare. Raises SourceError.

    Windows that an older version of the rules loaded are skipped, those whose evidence has changed since are the next run's to load, and
    those whose evidence is gone cannot be derived any more: all are counted in the notes, none is a finding.
    """
    pipeline.check(dry_run=True)
    seen = _Seen()
    with pipeline.source.session() as session:
        captures = pipeline.read_captures(session)
        todo, due = _windows(pipeline, session, captures, since or LONG_AGO, until or _END, seen)
        use = use_of(session, captures)
        parts = [part for one in spans(todo) for part in parts_of(one, session.weights(one.start, one.end))]
        for number, part in enumerate(parts, 1):
            extracted = pipeline.extract(session, captures, part, Shown(None, None), bring_contacts=False)
            _compare(pipeline, captures, pipeline.derive(extracted.evidence, use), extracted, due, seen)
            say(f"{number} of {len(parts)} parts derived anew, {len(seen.findings)} findings")
        if since is None and until is None:
            _compare_contacts(pipeline, session, captures, seen)
    return More(tuple(seen.findings), tuple(_notes(seen.windows)))


def _windows(
    pipeline: Pipeline, session: Session, captures: Captures, since: datetime, until: datetime, seen: _Seen
) -> tuple[list[Window], set[datetime]]:
    """The loaded windows that can be held against the evidence, and the ends of those that a run would load anew now."""
    with audit_connection(pipeline.audit_dsn) as connection:
        loaded = AuditLog(connection).loaded(since, until)
    if not len(loaded):
        return [], set()
    older = {Window(end) for end in ends_of(loaded[loaded["rules_version"].astype(int) < RULES_VERSION])}
    every = {Window(end) for end in ends_of(loaded)}
    due = windows_to_do(pipeline, session, captures, Span(min(every).start, max(every).end))
    seen.windows["older_rules"] += len(older)
    return sorted(every - older), {window.end for window in due}


def _compare(
    pipeline: Pipeline, captures: Captures, checked: Checked, extracted: Extracted, due: set[datetime], seen: _Seen
) -> None:
    """Put a part's rows beside the log's, and tell what differs in the windows whose evidence is still there and is the same."""
    load = Load(
        checked.span.windows, checked.rows, extracted.held, extracted.reached, checked.entries_seen, checked.span.end
    )
    ends = [window.end for window in load.windows]
    with audit_connection(pipeline.audit_dsn) as connection:
        log = AuditLog(connection)
        there = [moment for (moment,) in log.query("any_rows", windows=ends).itertuples(index=False)]
        kept = kept_windows(log, load, there, pipeline.entries_there)
        rewrote = windows_of(captures, rewritten(log, extracted.held.contents).changed)
        due = due | {window.end for window in rewrote} | kept.newer
        ends = [end for end in ends if end not in kept.lost]
        put_beside(log, checked.rows)
        _read_only(connection)
        found = [*_rows_that_differ(connection, ends), *_schema_changes_that_differ(connection, checked, ends)]
        connection.rollback()
    later = {one.window_end for one in found if one.window_end in due}
    seen.findings += [one for one in found if one.window_end not in later]
    seen.windows["evidence_lost"] += len(kept.lost)
    seen.windows["due"] += len(later)
    seen.windows["compared"] += len(ends) - len(later)


def _rows_that_differ(connection: Connection, ends: list[datetime]) -> Iterator[Finding]:
    for row in rows(connection, "derived_events", windows=ends):
        if row["columns"] is not None:
            told = f"the evidence gives other {', '.join(row['columns'])}"
        else:
            told = "the evidence does not give it" if row["is_logged"] else "the evidence gives it, the log has it not"
        yield Finding(told, None, row["window_end"], "contact_audit_log", row["event_id"], row["contact_id"])
    for row in rows(connection, "derived_beside", windows=ends):
        told = (
            "the evidence does not give it as it stands"
            if row["is_logged"]
            else "the evidence gives it, and it is not there"
        )
        entry = None if row["entry_id"] is None else str(row["entry_id"])
        yield Finding(told, None, row["window_end"], row["relation"], entry, row["contact_id"])


def _schema_changes_that_differ(connection: Connection, checked: Checked, ends: list[datetime]) -> Iterator[Finding]:
    """Their ids are digests of all that they say."""
    changes = checked.rows.schema_changes
    changes = changes[changes["window_end"].isin(ends)]
    derived = dict(
        zip(changes["schema_change_id"].astype(str).str.replace("-", ""), changes["window_end"], strict=True)
    )
    logged = {
        str(row["schema_change_id"]).replace("-", ""): row["window_end"]
        for row in rows(connection, "schema_changes", windows=ends)
    }
    for one in sorted(derived.keys() ^ logged.keys()):
        told = "the evidence does not give it" if one in logged else "the evidence gives it, the log has it not"
        moment = pd.Timestamp(logged[one] if one in logged else derived[one]).to_pydatetime()
        yield Finding(told, None, moment, "schema_changes", one)


def _compare_contacts(pipeline: Pipeline, session: Session, captures: Captures, seen: _Seen) -> None:
    """Read the capture that audit.contacts shows anew, and tell whose row is not what it holds."""
    shown = Shown.of(pipeline.read_state())
    if shown.snapshot_id is None or shown.captured_at is None:
        return
    if shown.snapshot_id not in set(captures.usable["snapshot_id"]):
        seen.windows["contacts_lost"] += 1
        return
    forward = Forward(shown.snapshot_id, shown.captured_at, shown.snapshot_id, None, True)
    with audit_connection(pipeline.audit_dsn) as connection:
        log = AuditLog(connection)
        log.query("incoming_contacts")
        log.copy("incoming_contacts", COLUMNS, contacts.from_source(session, captures, forward))
        _read_only(connection)
        found = [one for row in rows(connection, "derived_contacts") for one in _contact_that_differs(row, seen)]
        connection.rollback()
    if Shown.of(pipeline.read_state()) == shown:
        seen.findings += found
    else:
        seen.windows["contacts_moved"] += 1


def _contact_that_differs(row: dict[str, Any], seen: _Seen) -> list[Finding]:
    if row["columns"] is not None:
        names = [name for name in row["columns"] if name != "custom_fields"]
        if "custom_fields" in row["columns"]:
            names += _fields_that_differ(row["expected"] or "{}", row["found"])
        told = f"audit.contacts shows other {', '.join(names)} than its capture"
        if not names:
            return []
    elif row["is_shown"]:
        if seen.windows["evidence_lost"]:  # a capture that is gone may have been the last to mention it
            return []
        told = "audit.contacts shows it, and its capture does not"
    else:
        told = "its capture holds it, and audit.contacts does not"
    return [Finding(told, contact_id=row["contact_id"])]


def _fields_that_differ(expected: str, found: str) -> list[str]:
    """The custom fields whose values are not equal as the rules compare them: lists as sets, a missing one is null."""
    values = Values()
    one, other = parse_each([expected, found])
    differing = (key for key in one.keys() | other.keys() if values.code(one.get(key)) != values.code(other.get(key)))
    return [f"custom_fields.{key}".encode("unicode_escape").decode() for key in sorted(differing)]


def _read_only(connection: Connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement("audit/verify/read_only"))


def _notes(windows: "Counter[str]") -> list[str]:
    told = [f"{windows['compared']:,} windows derived anew from the evidence"]
    for name, words in (
        ("older_rules", "windows of an older version of the rules skipped: a backfill with force renews them"),
        ("due", "windows differ, and their evidence has changed since they were loaded: the next run loads them"),
        ("evidence_lost", "windows not compared: evidence_lost, the source no longer has all that they rest on"),
    ):
        if windows[name]:
            told.append(f"{windows[name]:,} {words}")
    if windows["contacts_moved"]:
        told.append("audit.contacts was not compared: a load has brought it forward meanwhile")
    if windows["contacts_lost"]:
        told.append("audit.contacts was not compared: the capture that it shows is gone or ignored")
    return told
