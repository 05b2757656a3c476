"""Checking a helpdesk in the reference schema: its captures, its journal's newest entries, its indexes."""

import time
from datetime import timedelta

import numpy as np

from contact_audit.evidence.journal import Fields, read_journal
from contact_audit.evidence.values import Values
from contact_audit.sources.base import Source
from contact_audit.sources.checking import Found, ask, check_server, told

_INDEXES: dict[str, list[tuple[str, ...]]] = {
    "helpdesk.contact_snapshots": [("contact_id", "snapshot_id")],
    "helpdesk.contact_journal": [("occurred_at",), ("recorded_at",), ("contact_id", "occurred_at")],
}
_TABLES = ("helpdesk.snapshots", "helpdesk.contact_snapshots", "helpdesk.contact_journal", "helpdesk.custom_fields")


def check_helpdesk(source: Source, dsn: str) -> Found:
    """Everything that can be said of the reference schema's tables. Raises SourceError where they cannot be read."""
    found = Found()
    rows_about = check_server(dsn, _TABLES, found)
    indexes = ask(dsn, "indexes")
    for relation, wanted in _INDEXES.items():
        there = [tuple(row["columns"]) for row in indexes if row["relation"] == relation]
        for columns in wanted:
            if not any(one[: len(columns)] == columns for one in there):
                found.notes.append(f"{relation} has no index on ({', '.join(columns)}): runs read slowly without")
    with source.session() as session:
        captures = session.captures()
        if not len(captures):
            found.wrong.append(
                "helpdesk.snapshots is empty: without captures, only what the journal proves can be told"
            )
        elif (np.diff(captures["snapshot_id"]) < 0).any():
            found.notes.append("captures' ids are not in the order of their moments: states are looked up slowly")
        held = rows_about.get("helpdesk.contact_snapshots", -1)
        rows = "not analyzed" if held < 0 else f"about {held:,}"
        found.notes.append(f"{len(captures):,} captures, rows: {rows}; {session.fields().num_rows} custom fields")
        recorded_at, _ = session.newest_entry()
        if recorded_at is None:
            found.notes.append("the journal is empty: who changed a contact will not be known")
            return found
        begun = time.monotonic()
        table = session.journal(recorded_at - timedelta(days=7), recorded_at + timedelta(days=1))
        seconds = time.monotonic() - begun
    about = rows_about.get("helpdesk.contact_journal", -1)
    found.notes.append(
        f"{'an unknown number of' if about < 0 else f'about {about:,}'} journal entries; {table.num_rows:,} in the newest week, read in "
        f"{seconds:.1f} s: some {table.num_rows * 52:,} a year"
    )
    journal = read_journal(table, Fields(), Values())
    for reason, count in journal.rejected["reason"].value_counts().items():
        found.wrong.append(f"{count} of the newest week's entries cannot be used: {reason}")
    for reason, count in journal.notes["reason"].value_counts().items():
        found.notes.append(f"{count} of the newest week's entries are used without a value: {reason}")
    newest = table.to_pandas().dropna(subset=["occurred_at"]).sort_values(["occurred_at", "entry_id"]).tail(5)
    found.samples += told(newest.iloc[::-1])
    return found
