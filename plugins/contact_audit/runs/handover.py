"""What goes from task to task of the sync: plain data for the plan, Parquet for the frames of each span.

A span's files are named by its number: 0-states, 0-journal, 0-events, ... Plain data carries the format's number, so that a run
that an upgrade meets half-way says so, instead of reading one version's frames as another's.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from contact_audit import model
from contact_audit.errors import HandoverError
from contact_audit.evidence.states import Extract
from contact_audit.log.contacts import Forward
from contact_audit.log.loads import Held, Reached, Rows
from contact_audit.runs.staging import Staging
from contact_audit.runs.steps import Checked, Contacts, Extracted, Proof
from contact_audit.windows import Span

FORMAT = 4
"""The number of what tasks hand to each other: plans, chunks, spans and their frames. It grows with every change of any of them."""

_CONTENTS = pa.schema(
    {"snapshot_id": pa.int64(), "row_count": pa.int64(), "digest": pa.string(), "digest_version": pa.string()}
)
_SCHEMAS = {
    "events": model.EVENTS,
    "entries_without_event": model.ENTRIES_WITHOUT_EVENT,
    "rejected": model.REJECTED,
    "schema_changes": model.SCHEMA_CHANGES,
    "schema_change_values": model.SCHEMA_CHANGE_VALUES,
}


def marked(data: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data with the format's number."""
    return {**data, "format": FORMAT}


def unmarked(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Plain data as another task has marked it. HandoverError where that was another version of Contact Audit."""
    if data.get("format") != FORMAT:
        raise HandoverError(
            f"what an earlier task of this run hands over (format {data.get('format', 'unnumbered')}, expected {FORMAT}) was written "
            "by another version of Contact Audit; clear the run from its first task."
        )
    return data


@dataclass(frozen=True)
class SpanMeta:
    """What a span's files do not hold, as JSON-able data in `data`."""

    data: Mapping[str, Any]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "SpanMeta":
        """As another task has handed it over. HandoverError where that was another version."""
        return cls(unmarked(data))

    @property
    def span(self) -> Span:
        """The span."""
        return Span(*(datetime.fromisoformat(text) for text in self.data["span"]))


def put_extracted(staging: Staging, number: int, extracted: Extracted) -> dict[str, Any]:
    """Write what was extracted; the rest is returned, as plain data for SpanMeta."""
    raw, held, reached, contacts = extracted.evidence, extracted.held, extracted.reached, extracted.contacts
    staging.write(f"{number}-states", raw.states)
    staging.write(f"{number}-journal", raw.journal)
    staging.write(f"{number}-context", pa.Table.from_pandas(raw.captures, schema=model.CAPTURES, preserve_index=False))
    staging.write(f"{number}-captures", held.captures)
    staging.write(f"{number}-contents", pa.Table.from_pandas(held.contents, schema=_CONTENTS, preserve_index=False))
    staging.write(f"{number}-captures_there", pd.DataFrame({"snapshot_id": held.every}))
    if contacts is not None:
        staging.write(f"{number}-fields", contacts.fields)
        with staging.open(f"{number}-contacts", "wb") as file, pq.ParquetWriter(file, model.CONTACTS) as writer:
            for table in contacts.batches():
                writer.write_table(table.cast(model.CONTACTS))
    return marked(
        {
            "span": [raw.span.start.isoformat(), raw.span.end.isoformat()],
            "from_the_first": raw.from_the_first,
            "base": raw.base,
            "last_full": held.last_full and [held.last_full[0], held.last_full[1].isoformat()],
            "reached": [_text(reached.recorded_at), reached.entry_id, _text(reached.clock)],
            "contacts": contacts and _forward_as_data(contacts.forward) | {"complete": contacts.complete},
        }
    )


def get_evidence(staging: Staging, number: int, meta: SpanMeta) -> Extract:
    """The evidence of a span, as written."""
    return Extract(
        span=meta.span,
        captures=staging.read(f"{number}-context").cast(model.CAPTURES).to_pandas(),
        from_the_first=bool(meta.data["from_the_first"]),
        states=model.judged(staging.read(f"{number}-states"), model.STATES),
        journal=model.judged(staging.read(f"{number}-journal"), model.JOURNAL),
        base=int(meta.data["base"]),
    )


def get_extracted(staging: Staging, number: int, meta: SpanMeta) -> Extracted:
    """What was extracted, as the load needs it; contacts are read as they are asked for."""
    data = meta.data
    captures = staging.read(f"{number}-captures").to_pandas()
    recorded_at, entry_id, clock = data["reached"]
    return Extracted(
        evidence=get_evidence(staging, number, meta),
        held=Held(
            captures=captures.assign(window_end=pd.to_datetime(captures["window_end"], utc=True)),
            contents=staging.read(f"{number}-contents").to_pandas().astype(object),
            every=staging.read(f"{number}-captures_there")["snapshot_id"].to_numpy(),
            last_full=data["last_full"] and (data["last_full"][0], datetime.fromisoformat(data["last_full"][1])),
        ),
        reached=Reached(_moment(recorded_at), entry_id, datetime.fromisoformat(clock)),
        contacts=data["contacts"]
        and Contacts(
            forward=_forward_of(data["contacts"]),
            batches=lambda: _contacts(staging, number),
            complete=bool(data["contacts"]["complete"]),
            fields=staging.read(f"{number}-fields"),
        ),
    )


def put_checked(staging: Staging, number: int, checked: Checked) -> None:
    """Write what was derived."""
    for part in fields(Rows):
        staging.write(f"{number}-{part.name}", getattr(checked.rows, part.name))
    staging.write(f"{number}-captured", checked.proof.captured)
    staging.write(f"{number}-replayed", checked.proof.replayed)
    staging.write(f"{number}-contact_ids", pd.DataFrame({"contact_id": checked.proof.contacts}))


def get_checked(staging: Staging, number: int, meta: SpanMeta) -> Checked:
    """What was derived for a span, as written."""
    return Checked(
        span=meta.span,
        rows=Rows(**{name: _frame(staging, f"{number}-{name}", schema) for name, schema in _SCHEMAS.items()}),
        proof=Proof(
            captured=staging.read(f"{number}-captured").to_pandas(),
            replayed=staging.read(f"{number}-replayed").to_pandas(),
            contacts=staging.read(f"{number}-contact_ids")["contact_id"].to_numpy(),
        ),
        entries_seen=staging.read(f"{number}-journal")["entry_id"].drop_null().to_numpy(),
    )


def _forward_as_data(forward: Forward) -> dict[str, Any]:
    return {
        "snapshot_id": forward.snapshot_id,
        "captured_at": forward.captured_at.isoformat(),
        "instead_of": forward.instead_of,
        "since": _text(forward.since),
        "full": forward.full,
    }


def _forward_of(data: Mapping[str, Any]) -> Forward:
    captured_at = datetime.fromisoformat(data["captured_at"])
    return Forward(data["snapshot_id"], captured_at, data["instead_of"], _moment(data["since"]), data["full"])


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
