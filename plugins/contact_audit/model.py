"""The frames that pass between the parts: their columns, dtypes and nullability, in one place.

Checked at the borders (what a source delivers, what is loaded), trusted inside. All times are UTC with microseconds.
"""

import pandera.pandas as pa
import pyarrow

ACTIONS = ("create", "update", "delete", "restore")
AUTHOR_TYPES = ("contact", "agent", "admin", "integration", "system")
ATTRIBUTIONS = ("recorded", "matched", "inferred", "ambiguous", "unattributed", "unconfirmed")
REASONS = ("duplicate", "no_known_effect", "not_captured")
BUILT_IN_FIELDS = ("name", "email", "primary_phone")
ACCOUNT_FIELD = "account_id"
"""A field like the others, save that births and deaths do not list it."""
CUSTOM_FIELD_PREFIX = "custom_fields."

_TIME = pyarrow.timestamp("us", tz="UTC")
_TEXT = pyarrow.string()
_ID = pyarrow.int64()

CAPTURES = pyarrow.schema(
    [
        pyarrow.field("snapshot_id", _ID, nullable=False),
        pyarrow.field("captured_at", _TIME, nullable=False),
        # full | changed; baseline: changed, as read otherwise than the one before, so that what differs is no event
        pyarrow.field("kind", _TEXT, nullable=False),
    ]
)
"""One row a usable capture, oldest first."""

STATES = pyarrow.schema(
    [
        pyarrow.field("contact_id", _ID),  # null only with a fault
        pyarrow.field("snapshot_id", _ID),  # the capture from which on the contact is like this; null only with a fault
        pyarrow.field("account_id", _ID),
        pyarrow.field("name", _TEXT),
        pyarrow.field("email", _TEXT),
        pyarrow.field("primary_phone", _TEXT),
        pyarrow.field("custom_fields", _TEXT),  # JSON text of an object; null where absent or rejected
        pyarrow.field("created_at", _TIME),
        pyarrow.field("present", pyarrow.bool_(), nullable=False),
        pyarrow.field("merged_into", _TEXT),  # the survivor's id, where a contact is gone because it was merged
    ]
)
"""One row a contact and capture in which it differs from the capture before; the first of a contact is its state at the base."""

JOURNAL = pyarrow.schema(
    [
        pyarrow.field("entry_id", _ID),
        pyarrow.field("contact_id", _ID),
        pyarrow.field("account_id", _ID),
        pyarrow.field("occurred_at", _TIME),
        pyarrow.field("recorded_at", _TIME),
        pyarrow.field("action", _TEXT),
        pyarrow.field("author_type", _TEXT),
        pyarrow.field("author_id", _TEXT),
        pyarrow.field("author_name", _TEXT),
        pyarrow.field("ip_address", _TEXT),
        pyarrow.field("channel", _TEXT),
        pyarrow.field("changes", _TEXT),  # JSON text
        pyarrow.field("seen_snapshot_id", _ID),  # the capture whose snapshot held it first; null where only clocks tell
        pyarrow.field("merged_into", _TEXT),  # the survivor's id, of a delete that was a merge
        pyarrow.field("on_behalf_of", _TEXT),  # in whose name the author acted
    ]
)
"""One row a journal entry, as the source has it: what is null or wrong here is rejected later, whole."""

JUDGED = pyarrow.schema(
    [
        pyarrow.field("fault", _TEXT),  # why the row cannot be used: it is set aside, whole
        pyarrow.field("note", _TEXT),  # what it is used without
        pyarrow.field(
            "whole", _TEXT
        ),  # where there is either: the row's JSON text, of several rows with SEPARATOR between
    ]
)
"""What a source may say of a row of STATES or JOURNAL beside its columns: the database has judged the row by itself."""

SEPARATOR = "\x1e"

MAYBE = ("merged_into", "on_behalf_of")
"""Columns of STATES and JOURNAL that most sources do not have; where one does not give them they are null."""

CONTACTS = pyarrow.schema(
    [
        pyarrow.field("contact_id", _ID, nullable=False),
        pyarrow.field("account_id", _ID),
        pyarrow.field("name", _TEXT),
        pyarrow.field("email", _TEXT),
        pyarrow.field("primary_phone", _TEXT),
        pyarrow.field("custom_fields", _TEXT),
        pyarrow.field("created_at", _TIME),
        pyarrow.field("deleted", pyarrow.bool_()),  # null: the contact is mentioned, and stays as it was
        pyarrow.field("snapshot_id", _ID, nullable=False),
    ]
)
"""One row a contact: its state as of a capture; null custom_fields say that it keeps its last values."""

FIELDS = pyarrow.schema(
    [
        pyarrow.field("account_id", _ID, nullable=False),
        pyarrow.field("field", _TEXT, nullable=False),
        pyarrow.field("label", _TEXT, nullable=False),
        pyarrow.field("field_type", _TEXT, nullable=False),
    ]
)
"""One row a custom field: its label and type."""

_UTC = "datetime64[us, UTC]"


def judged(table: pyarrow.Table, schema: pyarrow.Schema) -> pyarrow.Table:
    """The table with the columns of the schema and of JUDGED, in this order; those of JUDGED and MAYBE that a source does not give are
    null.
    """
    for field in [*JUDGED, *(one for one in schema if one.name in MAYBE)]:
        if field.name not in table.column_names:
            table = table.append_column(field, pyarrow.nulls(table.num_rows, field.type))
    wanted = pyarrow.schema([*schema, *JUDGED])
    return table.select(wanted.names).cast(wanted)


EVENTS = pa.DataFrameSchema(
    {
        "event_id": pa.Column(str, unique=True),
        "account_id": pa.Column(str, nullable=True),
        "contact_id": pa.Column("int64"),
        "action": pa.Column(str, pa.Check.isin(ACTIONS)),
        "author_type": pa.Column(str, pa.Check.isin((*AUTHOR_TYPES, "unknown"))),
        "author_id": pa.Column(str, nullable=True),
        "author_name": pa.Column(str, nullable=True),
        "ip_address": pa.Column(str, nullable=True),
        "channel": pa.Column(str, nullable=True),
        "occurred_at": pa.Column(_UTC),
        "occurred_after": pa.Column(_UTC),
        "sequence": pa.Column("int64", pa.Check.ge(1)),
        "changes": pa.Column(str),  # JSON text
        "attribution": pa.Column(str, pa.Check.isin(ATTRIBUTIONS)),
        "journal_entry_id": pa.Column("Int64", nullable=True),
        "candidates": pa.Column(str, nullable=True),  # JSON text
        "previous_snapshot_id": pa.Column("Int64", nullable=True),
        "snapshot_id": pa.Column("Int64", nullable=True),
        "window_start": pa.Column(_UTC),
        "window_end": pa.Column(_UTC),
        "merged_into": pa.Column(str, nullable=True),
        "on_behalf_of": pa.Column(str, nullable=True),
    },
    strict=True,
    ordered=True,
    name="events",
)
"""audit.contact_audit_log without rules_version, run_id and loaded_at; one row an event, in (window_end, contact_id, sequence)."""

EVENT_TEXTS = ("event_id", "account_id", "action", "author_type", "author_id", "author_name", "ip_address", "channel", "changes",
               "attribution", "candidates", "merged_into", "on_behalf_of")  # fmt: skip

ENTRIES_WITHOUT_EVENT = pa.DataFrameSchema(
    {
        "entry_id": pa.Column("int64", unique=True),
        "account_id": pa.Column("Int64", nullable=True),
        "contact_id": pa.Column("int64"),
        "occurred_at": pa.Column(_UTC),
        "action": pa.Column(str, pa.Check.isin(ACTIONS)),
        "author_type": pa.Column(str),
        "author_id": pa.Column(str, nullable=True),
        "author_name": pa.Column(str, nullable=True),
        "ip_address": pa.Column(str, nullable=True),
        "channel": pa.Column(str, nullable=True),
        "reason": pa.Column(str, pa.Check.isin(REASONS)),
        "window_start": pa.Column(_UTC),
        "window_end": pa.Column(_UTC),
        "merged_into": pa.Column(str, nullable=True),
        "on_behalf_of": pa.Column(str, nullable=True),
    },
    strict=True,
    ordered=True,
    name="entries_without_event",
)
"""Journal entries that are no event, each with its reason (rule 6)."""

REJECTED = pa.DataFrameSchema(
    {
        "relation": pa.Column(str, pa.Check.isin(("contact_journal", "contact_snapshots"))),
        "entry_id": pa.Column("Int64", nullable=True),
        "snapshot_id": pa.Column("Int64", nullable=True),
        "contact_id": pa.Column("Int64", nullable=True),
        "used": pa.Column(bool),  # the row counts, without the value that the reason names
        "row": pa.Column(str),  # JSON text of the whole row
        "reason": pa.Column(str),
        "window_start": pa.Column(_UTC),
        "window_end": pa.Column(_UTC),
    },
    strict=True,
    ordered=True,
    name="rejected_rows",
)
"""Rows of the source that could not be used, or not wholly."""

SCHEMA_CHANGES = pa.DataFrameSchema(
    {
        "schema_change_id": pa.Column(str, unique=True),
        "account_id": pa.Column("int64"),
        "kind": pa.Column(str, pa.Check.isin(("appeared", "disappeared", "renamed"))),
        "field": pa.Column(str),
        "renamed_to": pa.Column(str, nullable=True),
        "contacts": pa.Column("int64", pa.Check.ge(1)),
        "occurred_after": pa.Column(_UTC),
        "occurred_at": pa.Column(_UTC),
        "previous_snapshot_id": pa.Column("int64"),
        "snapshot_id": pa.Column("int64"),
        "window_start": pa.Column(_UTC),
        "window_end": pa.Column(_UTC),
    },
    strict=True,
    ordered=True,
    name="schema_changes",
)
"""A field that appeared, disappeared or was renamed for all contacts of an account at once."""

SCHEMA_CHANGE_VALUES = pa.DataFrameSchema(
    {
        "schema_change_id": pa.Column(str),
        "contact_id": pa.Column("int64"),
        "field": pa.Column(str),
        "old": pa.Column(str),  # JSON text
        "new": pa.Column(str),  # JSON text
    },
    strict=True,
    ordered=True,
    name="schema_change_values",
)
"""What each contact held before a schema change, and after it."""
