"""Taking a capture of a live source: what differs from the newest one, and the journal rows seen first, in one transaction.

A capture that dies half-way is none. It is held back where too many contacts are gone, or where the journal's ids went back, until
somebody decides; then only the id to decide about is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from contact_audit.connections import where
from contact_audit.database import audit_connection
from contact_audit.errors import CaptureBrakeError, ContactAuditError, SourceError
from contact_audit.settings import Settings
from contact_audit.sources import journal_copy
from contact_audit.sources.derive import derive_entries
from contact_audit.sources.differences import Came, differing_rows
from contact_audit.sources.fingerprints import keep, known_persons
from contact_audit.sources.live import LiveReads
from contact_audit.sources.store import LiveSource
from contact_audit.sources.taking import Store


@dataclass(frozen=True)
class Taken:
    """What taking a capture came to.

    Attributes:
        snapshot_id: the capture; notes: sentences for the run's report; seconds: how long its parts took, without the commit.
    """

    snapshot_id: int
    notes: tuple[str, ...]
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Held:
    """A capture that is not taken until somebody decides."""

    error: ContactAuditError


def take(source: LiveSource, settings: Settings) -> Taken:
    """Take a capture, or use the one that another run began to take after this call. Raises SourceError, CaptureBrakeError."""
    with audit_connection(source.audit_dsn) as connection:
        store = Store(connection)
        asked_at = _clock(store)
        store.query("lock")
        newest = store.row("newest")
        if newest is not None and newest["begun_at"] > asked_at:
            return Taken(int(newest["snapshot_id"]), (f"capture {newest['snapshot_id']}, just taken by another run",))
        with source.reads() as reads:
            outcome = _take(source, store, reads, newest, settings)
    if isinstance(outcome, _Held):
        raise outcome.error
    return outcome


def _take(
    source: LiveSource, store: Store, reads: LiveReads, newest: dict[str, Any] | None, settings: Settings
) -> Taken | _Held:
    begun_at, moment = _clock(store), reads.moment()
    if newest is not None and moment <= newest["captured_at"]:
        raise SourceError(
            f"{where(source.dsn)} says it is {moment:%Y-%m-%d %H:%M:%S.%f} UTC, not later than capture {newest['snapshot_id']} of "
            f"{newest['captured_at']:%Y-%m-%d %H:%M:%S.%f} UTC: a replica that has fallen behind, or a clock that was set back. "
            "No capture is taken until it is later."
        )
    held: dict[str, Any] = store.row("held") or {}
    snapshot_id = int(held["next_id"])
    allowed: frozenset[str] = frozenset()
    if held["decision"] == "accept":
        snapshot_id, allowed = int(held["snapshot_id"]), frozenset(held["reasons"])
    elif held["snapshot_id"] is not None and held["decision"] is None:
        snapshot_id = int(held["snapshot_id"])
    with store.part("digests known"):
        known = known_persons(source.audit_dsn, source.timeout_seconds)
    came = Came()
    with store.part("digests compared, rows read"):
        store.query("incoming")
        store.copy("incoming_contacts", differing_rows(reads, known, came, source.live.empty_is_null))
        persons, repeated = came.persons()
        if repeated:
            store.query("repeated")
        store.query("analyze")
        seen = came.seen(known)
    gone = known.contact[~seen]
    deleted = persons.contact[~persons.present]
    missing = int((known.present & ~seen).sum()) + int(np.isin(deleted, known.contact[known.present]).sum())
    epoch = 1 if newest is None else int(newest["epoch"])
    epoch += "restored" in allowed
    restored = None
    if newest is not None and "restored" not in allowed:
        restored = journal_copy.went_back(store, reads, newest, known.contact[seen])
    with store.part("journal copied"):
        copied = journal_copy.copy(store, reads, newest, epoch, settings.overlap, known.contact[seen])
    if "restored" not in allowed:
        restored = restored or copied.clash
    reasons: list[str] = []
    told: list[str] = []
    if "brake" not in allowed and missing > settings.brake_share * int(known.present.sum()):
        reasons.append("brake")
        told.append(
            f"{missing} of {int(known.present.sum())} contacts of the capture before are gone, more than {settings.brake_share:.0%} "
            "(CONTACT_AUDIT_BRAKE_SHARE)"
        )
    if restored is not None:
        reasons.append("restored")
        told.append(restored)
    if reasons:
        if held["decision"] is not None:  # what was decided was decided about something else
            store.query("release")
            snapshot_id = int(held["next_id"])
        return _hold(source, store, snapshot_id, reasons, told, moment)
    baseline = newest is not None and _reads_otherwise(newest, source, reads)
    store.query(
        "add_capture",
        snapshot_id=snapshot_id,
        captured_at=moment,
        kind="full" if newest is None else "changed",
        baseline=baseline,
        adapter_version=source.live.version,
        reading=reads.reading(),
        epoch=epoch,
        newest_entry_id=copied.newest,
        begun_at=begun_at,
    )
    store.query("release")
    with store.part("rows written"):
        store.query("add_contacts", snapshot_id=snapshot_id)
        store.query("add_tombstones", snapshot_id=snapshot_id, gone=gone.tolist())
        store.query("add_scope", snapshot_id=snapshot_id)
        store.query("add_rows", snapshot_id=snapshot_id, epoch=epoch)
    with store.part("digests kept"):
        present = keep(store, known, persons, gone)
    return _told(source, store, reads, snapshot_id, present, baseline)


def _told(source: LiveSource, store: Store, reads: LiveReads, snapshot_id: int, present: int, baseline: bool) -> Taken:
    fields = reads.fields().to_pydict()
    store.query(
        "add_fields",
        accounts=fields["account_id"],
        fields=fields["field"],
        labels=fields["label"],
        types=fields["field_type"],
    )
    counts: dict[str, Any] = store.row("count", snapshot_id=snapshot_id, contacts=present) or {}
    with store.part("entries derived"):
        derived = derive_entries(store, source.live, only=snapshot_id)
    notes = [
        f"capture {snapshot_id} taken: {counts['contacts']} contacts, {counts['rows_written']} rows that differ, "
        f"{counts['entries']} journal rows seen first"
    ]
    if derived.unproven:
        notes.append(
            f"{derived.unproven} values of journal entries before the first capture are no proof (cut, composed or half told): "
            "their fields count as named"
        )
    if baseline:
        notes.append(
            f"capture {snapshot_id} is a new baseline: version {source.live.version} of the adapter {source.adapter} reads contacts "
            "otherwise, so what differs from the capture before is no event"
        )
    return Taken(snapshot_id, tuple(notes), store.seconds)


def _hold(
    source: LiveSource, store: Store, snapshot_id: int, reasons: list[str], told: list[str], moment: datetime
) -> _Held:
    text = "; and ".join(told)
    store.query("hold", snapshot_id=snapshot_id, reasons=reasons, told=text)
    return _Held(
        CaptureBrakeError(
            f"the capture of {where(source.dsn)} at {moment:%Y-%m-%d %H:%M:%S} UTC is not taken: {text}. Nothing is read until somebody "
            f"decides: a row in audit.capture_decisions (snapshot_id {snapshot_id}, decision 'accept', decided_by, reason) lets the next "
            "run take it as it is, under this id; or mend the helpdesk, and the next run goes on by itself. "
            "contact_audit_backfill takes the decision, too."
        )
    )


def _reads_otherwise(newest: dict[str, Any], source: LiveSource, reads: LiveReads) -> bool:
    return bool(int(newest["adapter_version"]) != source.live.version and newest["reading"] != reads.reading())


def _clock(store: Store) -> datetime:
    row = store.row("clock") or {}
    moment: datetime = row["moment"]
    return moment
