"""audit.contacts and audit.field_labels: each contact as of the newest loaded capture, kept so that readers never
need the helpdesk.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from contact_audit import model
from contact_audit.log.audit_log import AuditLog

COLUMNS = list(model.CONTACTS.names)


@dataclass(frozen=True)
class Forward:
    """Which contacts a load has to bring forward.

    Attributes:
        snapshot_id, captured_at: the capture to show from now on.
        instead_of: the capture shown until now; since: its moment, None where the table is to be filled anew.
        full: whether contacts that are not given are gone.
    """

    snapshot_id: int
    captured_at: datetime
    instead_of: int | None
    since: datetime | None
    full: bool


def bring_forward(log: AuditLog, forward: Forward, tables: Iterable[pa.Table], complete: bool) -> None:
    """Bring audit.contacts up to a capture, unless a load has brought it further already.

    `complete`: the tables hold every contact that is there (else only those that differ from the capture shown).
    """
    shown = log.query("contacts_as_of").iloc[0]
    other = shown["contacts_snapshot_id"] != forward.instead_of
    if other and shown["contacts_captured_at"] is not None and shown["contacts_captured_at"] >= forward.captured_at:
        return
    log.query("incoming_contacts")
    log.copy("incoming_contacts", COLUMNS, tables)
    log.query("contacts")
    if complete:
        log.query("contacts_gone", snapshot_id=forward.snapshot_id)
    log.query("contacts_are_of", snapshot_id=forward.snapshot_id, captured_at=forward.captured_at)


def keep_labels(log: AuditLog, fields: pa.Table, since: datetime) -> None:
    """Keep labels that are new or changed; a changed one is so since the capture's moment."""
    columns = fields.to_pydict()
    log.query(
        "labels",
        accounts=[str(account) for account in columns["account_id"]],
        fields=columns["field"],
        labels=columns["label"],
        types=columns["field_type"],
        since=since,
    )
