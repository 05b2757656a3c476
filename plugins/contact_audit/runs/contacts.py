"""Which contacts audit.contacts is brought forward with, and reading them: from the evidence at hand, or from the source."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from contact_audit import model
from contact_audit.evidence.states import Extract
from contact_audit.log.contacts import COLUMNS, Forward
from contact_audit.sources.base import Session
from contact_audit.sources.extraction import Captures


def from_states(extract: Extract) -> pa.Table:
    """model.CONTACTS: how the contacts that differ are at the extract's newest capture. O(rows that differ).

    A contact that is gone has its values from where it was last there; null `custom_fields` say that none of these
    captures has any.
    """
    table = extract.states
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
    frame = frame[(frame["capture"] > 0) & (frame["there"] | ~present)].sort_values(["contact", "capture"])
    last = frame.groupby("contact")["row"].last()
    held = frame[frame["there"]].groupby("contact")["row"].last().reindex(last.index).fillna(last).astype(np.int64)
    values = table.take(pa.array(held))
    texts = pc.if_else(values["present"], values["custom_fields"], pa.scalar(None, pa.string()))
    values = values.drop_columns(["present", "snapshot_id", "custom_fields"]).append_column("custom_fields", texts)
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


def plan_forward(captures: Captures, state: dict[str, Any], newest: int) -> Forward | None:
    """What to bring forward when the capture at position `newest` of the usable ones is loaded; None where a newer one is shown."""
    usable = captures.usable
    row = usable.iloc[newest]
    captured_at: datetime = row["captured_at"].to_pydatetime()
    shown, since = state["contacts_snapshot_id"], state["contacts_captured_at"]
    if shown is None or int(shown) not in set(usable["snapshot_id"]):
        return Forward(int(row["snapshot_id"]), captured_at, None if shown is None else int(shown), None, True)
    if captured_at <= since:
        return None
    between = usable[(usable["captured_at"] > since) & (usable["captured_at"] <= captured_at)]
    full = bool((between["kind"] == "full").any())
    return Forward(int(row["snapshot_id"]), captured_at, int(shown), since, full)


def fill_anew(captures: Captures, state: dict[str, Any], forward: Forward | None) -> Forward | None:
    """The same, with all contacts and not only those that differ; None where no usable capture is shown yet."""
    if forward is not None:
        return replace(forward, since=None, full=True)
    shown = state["contacts_snapshot_id"]
    if shown is None or int(shown) not in set(captures.usable["snapshot_id"]):
        return None
    return Forward(int(shown), state["contacts_captured_at"], int(shown), None, True)
