"""Captures of our own: what a run does first where the helpdesk keeps none. Nothing where it does."""

from collections.abc import Callable

from contact_audit.database import audit_connection
from contact_audit.runs.pipeline import Pipeline
from contact_audit.sources.capture import take
from contact_audit.sources.derive import derive_entries
from contact_audit.sources.store import LiveSource
from contact_audit.sources.taking import Store

Say = Callable[[str], None]


def take_capture(pipeline: Pipeline, say: Say) -> list[str]:
    """Take a capture of a live source; what is to be told about it. Raises CaptureBrakeError where somebody must decide first."""
    if not isinstance(pipeline.source, LiveSource):
        return []
    notes = list(take(pipeline.source, pipeline.settings).notes)
    for note in notes:
        say(note)
    return notes


def derive_anew(pipeline: Pipeline, say: Say) -> None:
    """Derive the journal's entries anew from the rows that were copied, by the adapter as it is now."""
    if not isinstance(pipeline.source, LiveSource):
        return
    with audit_connection(pipeline.audit_dsn) as connection:
        store = Store(connection)
        store.query("lock")
        derived = derive_entries(store, pipeline.source.live)
    say(f"{derived.entries} journal entries derived anew from the rows as they were copied")
