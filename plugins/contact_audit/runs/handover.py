"""What goes from task to task of the sync: plain data for the plan, Parquet for the frames of each span.

A span's files are named by its number: 0-states, 0-journal, 0-events, ...
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from contact_audit import model
from contact_audit.evidence.states import Extract
from contact_audit.log.contacts import Forward
from contact_audit.runs.pipeline import Checked, Extracted
from contact_audit.runs.staging import Staging
from contact_audit.windows import Span


@dataclass(frozen=True)
class SpanMeta:
    """What a span's files do not hold, as JSON-able data in `data`."""

    data: dict[str, Any]

    @property
    def span(self) -> Span:
        """The span."""
        return Span(*(datetime.fromisoformat(text) for text in self.data["span"]))


def put_extracted(staging: Staging, number: int, extracted: Extracted) -> SpanMeta:
    """Write what was extracted; the rest is returned."""
    raw = extracted.extract
    staging.write(f"{number}-states", raw.states)
    staging.write(f"{number}-journal", raw.journal)
    staging.write(f"{number}-context", pa.Table.from_pandas(raw.captures, schema=model.CAPTURES, preserve_index=False))
    staging.write(f"{number}-captures", extracted.captures)
    staging.write(f"{number}-captures_there", pd.DataFrame({"snapshot_id": extracted.captures_there}))
    forward = extracted.forward
    if forward is not None:
        staging.write(f"{number}-fields", extracted.fields)
        with staging.open(f"{number}-contacts", "wb") as file, pq.ParquetWriter(file, model.CONTACTS) as writer:
            for table in extracted.contacts():
                writer.write_table(table.cast(model.CONTACTS))
    return SpanMeta(
        {
            "span": [raw.span.start.isoformat(), raw.span.end.isoformat()],
            "from_the_first": raw.from_the_first,
            "forward": None
            if forward is None
            else [
                *(forward.snapshot_id, forward.captured_at.isoformat()),
                *(forward.instead_of, _text(forward.since), forward.full),
            ],
            "contacts_complete": extracted.contacts_complete,
            "last_full": extracted.last_full and [extracted.last_full[0], extracted.last_full[1].isoformat()],
            "newest_recorded_at": _text(extracted.newest_recorded_at),
            "newest_entry_id": extracted.newest_entry_id,
            "read": [extracted.read_after.isoformat(), extracted.read_until.isoformat()],
        }
    )


def get_extract(staging: Staging, number: int, meta: SpanMeta) -> Extract:
    """The evidence of a span, as written."""
    return Extract(
        span=meta.span,
        captures=staging.read(f"{number}-context").cast(model.CAPTURES).to_pandas(),
        from_the_first=bool(meta.data["from_the_first"]),
        states=staging.read(f"{number}-states").cast(model.STATES),
        journal=staging.read(f"{number}-journal").cast(model.JOURNAL),
    )


def put_checked(staging: Staging, number: int, checked: Checked) -> None:
    """Write what was derived."""
    staging.write(f"{number}-events", checked.events)
    staging.write(f"{number}-entries_without_event", checked.entries_without_event)
    staging.write(f"{number}-rejected", checked.rejected)
    staging.write(f"{number}-schema_changes", checked.schema_changes)
    staging.write(f"{number}-schema_change_values", checked.schema_change_values)
    staging.write(f"{number}-captured", checked.captured)
    staging.write(f"{number}-replayed", checked.replayed)
    staging.write(f"{number}-contact_ids", pd.DataFrame({"contact_id": checked.contacts}))


def get_checked(staging: Staging, number: int, meta: SpanMeta) -> Checked:
    """What was derived for a span, as written."""
    return Checked(
        span=meta.span,
        events=_frame(staging, f"{number}-events", model.EVENTS),
        entries_without_event=_frame(staging, f"{number}-entries_without_event", model.ENTRIES_WITHOUT_EVENT),
        rejected=_frame(staging, f"{number}-rejected", model.REJECTED),
        schema_changes=_frame(staging, f"{number}-schema_changes", model.SCHEMA_CHANGES),
        schema_change_values=_frame(staging, f"{number}-schema_change_values", model.SCHEMA_CHANGE_VALUES),
        captured=staging.read(f"{number}-captured").to_pandas(),
        replayed=staging.read(f"{number}-replayed").to_pandas(),
        contacts=staging.read(f"{number}-contact_ids")["contact_id"].to_numpy(),
        entries_seen=staging.read(f"{number}-journal")["entry_id"].to_numpy(),
    )


def get_extracted(staging: Staging, number: int, meta: SpanMeta) -> Extracted:
    """What was extracted, as the load needs it; contacts are read as they are asked for."""
    data = meta.data
    forward = None
    if data["forward"] is not None:
        snapshot_id, captured_at, instead_of, since, full = data["forward"]
        forward = Forward(snapshot_id, datetime.fromisoformat(captured_at), instead_of, _moment(since), full)
    after, until = (datetime.fromisoformat(text) for text in data["read"])
    captures = staging.read(f"{number}-captures").to_pandas()
    return Extracted(
        extract=get_extract(staging, number, meta),
        forward=forward,
        contacts=lambda: _contacts(staging, number),
        contacts_complete=bool(data["contacts_complete"]),
        fields=staging.read(f"{number}-fields") if forward is not None else model.FIELDS.empty_table(),
        captures=captures.assign(window_end=pd.to_datetime(captures["window_end"], utc=True)),
        captures_there=staging.read(f"{number}-captures_there")["snapshot_id"].to_numpy(),
        last_full=data["last_full"] and (data["last_full"][0], datetime.fromisoformat(data["last_full"][1])),
        newest_recorded_at=_moment(data["newest_recorded_at"]),
        newest_entry_id=data["newest_entry_id"],
        read_after=after,
        read_until=until,
    )


def _contacts(staging: Staging, number: int) -> Iterator[pa.Table]:
    with staging.open(f"{number}-contacts", "rb") as file:
        batches: Iterable[pa.RecordBatch] = pq.ParquetFile(file).iter_batches()
        for batch in batches:
            yield pa.Table.from_batches([batch])


def _frame(staging: Staging, name: str, schema: Any) -> pd.DataFrame:
    """A frame with the dtypes of its schema: through Parquet, integers with nulls and texts without any value lose theirs."""
    table = staging.read(name)
    columns = {
        column: table[column].to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get).astype(str(kind.dtype))
        for column, kind in schema.columns.items()
    }
    return pd.DataFrame(columns)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
