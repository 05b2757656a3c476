"""What a run did, and what happened to a contact, as plain text of at most 100 columns.

Values come from people and from other systems: no control character of theirs reaches a terminal.
"""

import sys
import textwrap
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg2.extras

from contact_audit.database import audit_connection
from contact_audit.runs.outcome import Report
from contact_audit.sql import statement

WIDTH = 100
_LISTED = 10
# Bidirectional marks and overrides reorder what stands around them.
_REORDERING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C}
_CHANNELS = {"api": "API", "azure_ad_sync": "Azure AD sync"}
_KNOWN = {
    "recorded": "recorded in the journal",
    "matched": "matched: a journal entry names the field, without its values",
    "inferred": "inferred: a journal entry of that time does not say what it touched",
    "unattributed": "unattributed: the captures show the change, no journal entry explains it",
    "unconfirmed": "unconfirmed: the journal says so, the captures do not bear it out",
}


def report_lines(report: Report) -> list[str]:
    """What a run did, for people; each line a sentence or a count."""
    lines = [*report.notes]
    if report.windows or report.events:
        lines += [
            f"Windows   {report.windows:,} loaded",
            f"Events    {report.events:,}{_counts(report.by_action)}",
            f"Authors   known as{_counts(report.by_attribution) or ': no events'}",
            f"Entries   {report.entries:,} accounted for, {report.entries_without_event:,} of them without an event",
            f"Rejected  {report.rejected:,} rows{' (see audit.rejected_rows)' if report.rejected else ''}",
            f"Replaced  {report.superseded:,} events{' (see audit.superseded_events)' if report.superseded else ''}",
        ]
    if report.schema_changes:
        lines.append(
            f"Schema    {report.schema_changes:,} fields changed for all contacts at once (see audit.schema_changes)"
        )
    if report.evidence_lost:
        lost = [
            f"{_window(end)} ({', '.join(f'{count} {what}' for what, count in counts.items())})"
            for end, counts in sorted(report.evidence_lost.items())
        ]
        lines.append(
            f"Kept      {len(lost):,} windows as they were: the helpdesk has lost what their rows rest on "
            f"(evidence_lost): {_few(lost)}. To replace them all the same: contact_audit_backfill, accept_lost_evidence"
        )
    if report.newer:
        newer = [_window(end) for end in sorted(report.newer)]
        lines.append(f"Kept      {len(newer):,} windows that another run has loaded from newer evidence: {_few(newer)}")
    return [_safe(line) for line in lines]


def backfill_lines(
    report: Report, chunks: Sequence[Mapping[str, Any]], failures: Mapping[str, str], dry_run: bool
) -> list[str]:
    """What a backfill did; `chunks`: what each finished one returned, `failures`: label → reason."""
    skipped = sum(bool(chunk.get("skipped")) for chunk in chunks)
    seconds = sum(float(chunk["seconds"]) for chunk in chunks if not chunk.get("skipped"))
    lines = ["Dry run: nothing was written. It would have been:"] if dry_run else []
    lines += report_lines(report)
    lines.append(
        f"Chunks    {len(chunks) - skipped:,} done, {skipped:,} loaded already and skipped, {len(failures):,} failed"
    )
    if report.events:
        lines.append(f"Rate      {report.events / max(seconds, 1e-3):,.0f} events/s, in {seconds:,.1f} s of work")
    return lines + [_safe(f"Failed    {label}: {reason}") for label, reason in sorted(failures.items())]


def print_report(dsn: str) -> None:
    """What the last run did, and what the log covers."""
    status = _rows(dsn, "status")[0]
    if status["last_run_id"] is None:
        _print(["No run has finished yet."])
        return
    lines = [f"Last run: {_safe(status['last_run_id'])}, finished {_moment(status['last_run_at'])}"]
    lines += [f"  {line}" for line in report_lines(Report.from_dict(status["last_run_report"]))]
    if status["data_complete_up_to"] is not None:
        since = status["data_complete_from"]
        lines.append(
            f"The log covers {_moment(since) if since else 'nothing'} to {_moment(status['data_complete_up_to'])}; "
            f"next sync: {_moment(status['next_due'])}"
        )
    if status["waiting_entries"]:
        since = _moment(status["waiting_since"])
        lines.append(f"{status['waiting_entries']:,} journal entries wait for the next capture, since {since}")
    _print(lines)


def print_activity(dsn: str, contact_id: str | None = None, limit: int = 12) -> None:
    """A contact's activity, newest first; by default of contact 1, else the one with most events in the last day."""
    found = _rows(dsn, "contact", contact_id=None if contact_id is None else str(contact_id))
    if not found:
        _print(["No events yet." if contact_id is None else f"No events of contact {_safe(contact_id)}."])
        return
    contact = found[0]
    named = " ".join(part for part in (contact["name"], f"<{contact['email']}>" if contact["email"] else None) if part)
    deleted = ", deleted" if contact["deleted"] else ""
    title = f"Activity of {named or 'a contact'} (contact {contact['contact_id']}{deleted}), newest first, times in UTC"
    _print([_safe(title)])
    for event in _rows(dsn, "activity", contact_id=contact["contact_id"], most=limit):
        _print(["", *_event_lines(event)])


def _event_lines(event: Mapping[str, Any]) -> list[str]:
    author = event["author_name"] or event["author_id"]
    who = f"{author} ({event['author_type']})" if author else "Author unknown"
    if not author and event["author_type"] != "unknown":
        who = str(event["author_type"]).capitalize()
    who += f", on behalf of {event['on_behalf_of']}" if event["on_behalf_of"] else ""
    address = event["ip_address"] or "IP unknown"
    channel = _CHANNELS.get(event["channel"]) or (event["channel"] or "channel unknown").replace("_", " ")
    what = [f"    {line}" for line in (event["activity"] or "").split("\n")]
    return [f"  {_when(event)}", *map(_safe, (f"    {who} | {address} | {channel}", *what)), f"    [{_known(event)}]"]


def _known(event: Mapping[str, Any]) -> str:
    """How the author is known, in words."""
    several = event["candidates"]
    if event["attribution"] == "ambiguous":
        return f"ambiguous: any of {several} journal entries may have made the change, by different authors"
    words = _KNOWN[event["attribution"]]
    return f"{words}; any of {several} entries, all by one author" if several else words


def _when(event: Mapping[str, Any]) -> str:
    after, at = event["occurred_after"], event["occurred_at"]
    if after == at:
        return f"{at:%Y-%m-%d %H:%M:%S}"
    until = f"{at:%H:%M:%S}" if after.date() == at.date() else f"{at:%Y-%m-%d %H:%M:%S}"
    return f"between {after:%Y-%m-%d %H:%M:%S} and {until}"


def _counts(counts: Mapping[str, int]) -> str:
    listed = sorted(counts.items(), key=lambda item: -item[1])
    return ": " + ", ".join(f"{count:,} {name}" for name, count in listed) if listed else ""


def _few(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - _LISTED:,} more" if len(texts) > _LISTED else ""
    return ", ".join(texts[:_LISTED]) + more


def _window(end: str) -> str:
    return f"{datetime.fromisoformat(end):%Y-%m-%d %H:%M}"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _safe(text: str) -> str:
    """The text without what a terminal would obey."""
    return "".join(
        character.encode("unicode_escape").decode()
        if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or ord(character) in _REORDERING
        else character
        for character in text
    )


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        indent = line[: len(line) - len(line.lstrip())]
        for part in textwrap.wrap(line, WIDTH, subsequent_indent=indent + "  ", drop_whitespace=True) or [""]:
            encoding = sys.stdout.encoding or "utf-8"
            print(part.encode(encoding, "replace").decode(encoding))


def _rows(dsn: str, name: str, **values: Any) -> list[dict[str, Any]]:
    rows_as_dicts = psycopg2.extras.RealDictCursor
    with audit_connection(dsn, snapshot=True) as connection, connection.cursor(cursor_factory=rows_as_dicts) as cursor:
        cursor.execute(statement(f"audit/report/{name}"), values)
        return [dict(row) for row in cursor.fetchall()]
