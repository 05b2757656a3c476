"""Which contacts audit.contacts is brought forward with, and reading them: from the evidence at hand, or from the source."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from contact_audit import model
from contact_audit.evidence.states import Extract
from contact_audit.log.contacts import COLUMNS, Forward
from contact_audit.runs.steps import Contacts, Shown
from contact_audit.sources.base import Session
from contact_audit.sources.extraction import Captures


def from_states(extract: Extract) -> pa.Table:
    """model.CONTACTS: how the contacts that differ are at the extract's newest capture. O(rows that differ).

    A contact that is gone has its values from where it was last there; null `custom_fields` say that none of these
    captures has any.
    """
    table = model.judged(extract.states, model.STATES)
    table = table.filter(pc.is_null(table["fault"]))
    present = table["present"].to_numpy(zero_copy_only=False)
    usable = pc.fill_null(pc.starts_with(table["custom_fields"], "{"), False).to_numpy(zero_copy_only=False)
    frame = pd.DataFrame(
        {
            "row": np.arange(table.num_rows),
            "contact": table["contact_id"].to_numpy(),
            "capture": pd.Index(extract.captures["snapshot_id"]).get_indexer(table["snapshot_id"].to_numpy()),
            "there": present & usable,
        }
    )
    frame = frame[(frame["capture"] > extract.base) & (frame["there"] | ~present)].sort_values(["contact", "capture"])
    last = frame.groupby("contact")["row"].last()
    held = frame[frame["there"]].groupby("contact")["row"].last().reindex(last.index).fillna(last).astype(np.int64)
    values = table.take(pa.array(held))
    texts = pc.if_else(values["present"], values["custom_fields"], pa.scalar(None, pa.string()))
    values = values.drop_columns(["present", "snapshot_id", "custom_fields", *model.JUDGED.names]).append_column(
        "custom_fields", texts
    )
    now = table.take(pa.array(last))
    values = values.append_column("deleted", pc.invert(now["present"])).append_column("snapshot_id", now["snapshot_id"])
    return values.select(COLUMNS).cast(model.CONTACTS)


def from_source(session: Session, captures: Captures, forward: Forward) -> Iterator[pa.Table]:
    """Batches of model.CONTACTS: all contacts that captures after `forward.since` mention, as of the capture to show."""
    usable = captures.usable
    until = usable[usable["captured_at"] <= forward.captured_at]
    full = until.loc[until["kind"] == "full", "captured_at"]
    last_full = (full.iloc[-1] if len(full) else until["captured_at"].iloc[0]).to_pydatetime()
    with session.contacts(forward.since, forward.captured_at, captures.ignored) as batches:
        for batch in batches:
            table = pa.Table.from_batches([batch])
            # A contact with unusable rows only is mentioned, and stays as it was.
            unusable = pc.and_(pc.is_null(table["custom_fields"]), pc.invert(table["deleted"]))
            if forward.since is None:
                table = table.filter(pc.invert(unusable))
                unusable = pa.scalar(False)
            gone = pc.less(table["seen_at"], pa.scalar(last_full, type=table["seen_at"].type))
            if forward.since is not None and last_full <= forward.since:
                gone = pa.scalar(False)
            deleted = pc.if_else(
                pc.and_not(unusable, gone), pa.scalar(None, pa.bool_()), pc.or_(table["deleted"], gone)
            )
            yield table.drop_columns(["deleted", "seen_at"]).append_column("deleted", deleted).select(COLUMNS)


def plan_forward(captures: Captures, shown: Shown, until: datetime) -> Forward | None:
    """What to bring forward when the usable captures until a moment are loaded; None where the newest of them, or a newer one, is shown."""
    usable = captures.usable
    newest = int(usable["captured_at"].searchsorted(pd.Timestamp(until), side="right")) - 1
    if newest < 0:
        return None
    row = usable.iloc[newest]
    captured_at: datetime = row["captured_at"].to_pydatetime()
    if shown.captured_at is None or shown.snapshot_id not in set(usable["snapshot_id"]):
        return Forward(int(row["snapshot_id"]), captured_at, shown.snapshot_id, None, True)
    if captured_at <= shown.captured_at:
        return None
    between = usable[(usable["captured_at"] > shown.captured_at) & (usable["captured_at"] <= captured_at)]
    full = bool((between["kind"] == "full").any())
    return Forward(int(row["snapshot_id"]), captured_at, shown.snapshot_id, shown.captured_at, full)


def fill_anew(captures: Captures, shown: Shown, forward: Forward | None) -> Forward | None:
    """The same, with all contacts and not only those that differ; None where no usable capture is shown yet."""
    if forward is not None:
        return replace(forward, since=None, full=True)
    if shown.snapshot_id is None or shown.captured_at is None:
        return None
    if shown.snapshot_id not in set(captures.usable["snapshot_id"]):
        return None
    return Forward(shown.snapshot_id, shown.captured_at, shown.snapshot_id, None, True)


def of(session: Session, captures: Captures, evidence: Extract, shown: Shown, forward: Forward) -> Contacts:
    """What brings audit.contacts forward: from the evidence at hand, where it begins no later than what is shown, or from the source."""
    begin = evidence.captures["captured_at"].iloc[
        evidence.base : evidence.base + 1
    ]  # none where the span lies after all captures
    fields = session.fields()
    if forward.since is not None and (begin <= shown.captured_at).any():
        return Contacts(forward, lambda: [from_states(evidence)], False, fields)
    return Contacts(forward, lambda: from_source(session, captures, forward), forward.full, fields)
