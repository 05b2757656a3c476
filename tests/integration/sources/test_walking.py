"""Every column of every relation of the source, in every type that a view could have, with every odd value: right rows, a rejected
row with its reason, or one message of ours; never a traceback, never a false event, never a lost one.
"""

from collections import defaultdict
from contextlib import closing
from itertools import pairwise
from typing import Any

import orjson
import psycopg2
import pytest

from contact_audit.errors import SourceError
from tests.support import walking
from tests.support.runs import backfill, new_pipeline, query
from tests.support.walking import COLUMNS, READ, TYPES, VALUES

SPAN = {"from_": "2024-03-01T00:00:00+00:00", "to": "2024-03-10T00:00:00+00:00"}
PLAN = [("a", "b"), ("b", "c"), ("c", "d")]
CELLS = [(relation, column, kind) for relation, columns in COLUMNS.items() for column, kind in columns.items()]
OF_THE_CONTRACT = {"id": "bigint", "moment": "timestamptz", "text": "text", "object": "jsonb", "json": "jsonb", "flag": "boolean",
                   "address": "inet"}  # fmt: skip


NUMBERS = {"uuid", "bigint", "integer", "smallint", "an_id"}
"""Read as texts, too; but no word of the world can be one."""


def types_of(place: int, kind: str) -> list[str]:
    """The contract's type and text, where it is read, and of the others one, so that neighbours take turns."""
    others = sorted(READ[kind] - {OF_THE_CONTRACT[kind], "text"} - (NUMBERS if kind == "text" else set()))
    turn = [others[place % len(others)]]
    return list(dict.fromkeys([OF_THE_CONTRACT[kind], *({"text"} & READ[kind]), *turn]))


WALK = [
    (relation, column, kind, type_name)
    for place, (relation, column, kind) in enumerate(CELLS)
    for type_name in types_of(place, kind)
]


@pytest.fixture(scope="module")
def databases(postgres: Any, _audit_template: str) -> tuple[str, str]:
    """A helpdesk and an audit database for the whole walk; each step makes the one anew and empties the other."""
    admin = postgres.dsn("postgres")
    for name, template in (("walked", "template1"), ("walked_audit", _audit_template)):
        with closing(psycopg2.connect(admin)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"create database {name} template {template}")
    return postgres.dsn("walked"), postgres.dsn("walked_audit")


@pytest.mark.parametrize(("relation", "column", "kind"), CELLS, ids=[f"{cell[0]}.{cell[1]}" for cell in CELLS])
def test_a_column_of_a_type_that_is_not_read_right_is_refused_by_name(
    relation: str, column: str, kind: str, databases: tuple[str, str]
) -> None:
    helpdesk, audit = databases
    for type_name in (one for one in TYPES if one not in READ[kind]):
        walking.make(helpdesk, relation, column, type_name, fill=False)
        with (
            pytest.raises(SourceError, match=rf'helpdesk\.{relation}\."{column}" has the type .*docs/adapters\.md'),
            new_pipeline(helpdesk, audit).source.session(),
        ):
            pass


@pytest.mark.parametrize(
    ("relation", "column", "kind", "type_name"), WALK, ids=[f"{cell[0]}.{cell[1]}-{cell[3]}" for cell in WALK]
)
def test_every_value_is_right_or_rejected_with_its_reason(
    relation: str, column: str, kind: str, type_name: str, databases: tuple[str, str]
) -> None:
    helpdesk, audit = databases
    walking.make(helpdesk, relation, column, type_name)
    placed = walking.place(helpdesk, relation, column, type_name)
    _empty(audit)
    report = backfill(new_pipeline(helpdesk, audit), **SPAN)
    seen = _Seen(helpdesk, audit)
    wrong = [f"{walking.shown(number)}: {what}" for number in placed for what in seen.faults(relation, column, number)]
    assert wrong == []
    assert seen.unaccounted() == set()
    assert (
        relation == "contact_snapshots"
        or column in _MOVING
        or seen.recorded() >= len(VALUES) * 2 * len(PLAN) - len(placed)
    )
    assert report.events == sum(map(len, seen.events.values()))


def _empty(audit: str) -> None:
    """As it was migrated: what a table held then stays, as the locks do."""
    tables = (
        "contact_audit_log",
        "superseded_events",
        "entries_without_event",
        "rejected_rows",
        "ledger",
        "contacts",
        "field_labels",
    )
    query(audit, "set session_replication_role = replica; truncate " + ", ".join(f"audit.{table}" for table in tables))
    query(audit, "update audit.state set contacts_snapshot_id = null, contacts_captured_at = null")


class _Seen:
    """What the audit database says, and what the helpdesk holds."""

    def __init__(self, helpdesk: str, audit: str) -> None:
        self.helpdesk = helpdesk
        self.events: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in query(audit, "select * from audit.contact_audit_log order by contact_id, window_end, sequence"):
            self.events[row["contact_id"]].append(row)
        self.rejected = query(audit, "select * from audit.rejected_rows")
        self.without = query(audit, "select * from audit.entries_without_event")
        self.contacts = {row["contact_id"]: row for row in query(audit, "select * from audit.contacts")}
        self.entries = query(
            helpdesk, "select entry_id::text, row_to_json(j)::text as row from helpdesk.contact_journal as j"
        )

    def faults(self, relation: str, column: str, number: int) -> list[str]:
        """What is wrong about a value's contacts."""
        found: list[str] = []
        for base in (1000, 5000) if relation == "contact_snapshots" else (1000,):
            contact = str(base + number)
            found += self._state(contact)
            if relation == "contact_snapshots":
                found += self._captured(column, contact, base, number)
            elif column not in _MOVING:
                found += self._events_are(contact, [])
            if relation == "contact_journal":
                found += self._entry(column, contact, number)
        return found

    def _state(self, contact: str) -> list[str]:
        row = self.contacts.get(contact)
        if row is None:
            return [f"contact {contact} is not in audit.contacts"]
        state = (row["name"], row["email"], row["primary_phone"], row["custom_fields"], row["deleted"])
        return (
            [] if state == ("base", "base", "base", {"plan": "d"}, False) else [f"contact {contact} stands as {state}"]
        )

    def _events_are(self, contact: str, more: list[tuple[str, Any, Any]]) -> list[str]:
        """Each change once, in order, plan from a to d and `more` besides; nothing is born, nothing dies."""
        events = self.events[contact]
        told = [(c["field"], c["old"], c["new"]) for event in events for c in event["changes"]]
        plan = [(old, new) for field, old, new in told if field == "custom_fields.plan"]
        rest = [one for one in told if one[0] not in ("custom_fields.plan", "account_id")]
        way = [old for old, _ in plan] + [new for _, new in plan[-1:]]
        # What a rejected row of a capture would have told is told with the next one.
        whole = way[:1] == ["a"] and way[-1:] == ["d"] and way == sorted({*way}) and plan == list(pairwise(way))
        found = [] if whole else [f"contact {contact}: plan goes {plan}"]
        found += [] if rest == more else [f"contact {contact}: {rest} instead of {more}"]
        return found + [f"contact {contact}: a {event['action']}" for event in events if event["action"] != "update"]

    def _captured(self, column: str, contact: str, base: int, number: int) -> list[str]:
        snapshot = 1002 if base == 1000 else 1003
        row = self._told("contact_snapshots", contact, snapshot)
        if column in ("name", "email", "primary_phone"):
            (held,) = query(
                self.helpdesk,
                f"select {column}::text as it from helpdesk.contact_snapshots where contact_id = %s and snapshot_id = %s",
                (base + number, snapshot),
            )
            changes = [] if held["it"] == "base" else [(column, "base", held["it"]), (column, held["it"], "base")]
            return self._events_are(contact, changes)
        if column in ("contact_id", "snapshot_id"):
            return self._events_are(contact, [])
        if column == "custom_fields":
            if row is not None or VALUES[number - 1] == '{"plan": "b"}':
                return self._events_are(contact, [])
            return (
                [] if str(VALUES[number - 1]).startswith("{") else [f"contact {contact}: no object, and not rejected"]
            )
        if column == "deleted" and row is None:
            told = [event["action"] for event in self.events[contact]]
            return [] if not {"delete", "create"} <= {*told} or VALUES[number - 1] in _TRUE else [f"{contact}: {told}"]
        return self._events_are(contact, [])

    def _entry(self, column: str, contact: str, number: int) -> list[str]:
        events = [event for event in self.events[contact] if event["journal_entry_id"] is not None]
        if len(events) == len(PLAN) or column == "changes":
            return []
        rows = [row for row in self.rejected if row["relation"] == "contact_journal" and not row["used"]]
        mine = [row for row in rows if _same(row["row"], contact, number)]
        moved = [row for row in self.without if row["entry_id"] == (1000 + number) * 10 + 2]
        elsewhere = column in ("contact_id", "occurred_at", "action")
        return [] if mine or moved or elsewhere else [f"contact {contact}: its entry is neither used nor rejected"]

    def _told(self, relation: str, contact: str, snapshot: int) -> dict[str, Any] | None:
        for row in self.rejected:
            if (row["relation"], row["contact_id"], row["snapshot_id"], row["used"]) == (
                relation,
                contact,
                snapshot,
                False,
            ):
                return row
        return None

    def recorded(self) -> int:
        """How many events are recorded."""
        return sum(event["attribution"] == "recorded" for some in self.events.values() for event in some)

    def unaccounted(self) -> set[str]:
        """Entries that are nowhere (rule 6)."""
        every = [event for some in self.events.values() for event in some]
        there = {str(event["journal_entry_id"]) for event in every}
        there |= {str(one) for event in every for one in event["candidates"] or ()}
        there |= {str(row["entry_id"]) for row in self.without}
        rows = {_canonical(row["row"]) for row in self.rejected if row["relation"] == "contact_journal"}
        there |= {str(row["entry_id"]) for row in self.rejected}
        return {
            one["row"][:300]
            for one in self.entries
            if one["entry_id"] not in there and _canonical(one["row"]) not in rows
        }


_MOVING = ("action", "contact_id", "occurred_at", "snapshot_id", "captured_at", "kind")
_TRUE = ("1", "true", "t", "yes", "y", "on")


def _same(row: Any, contact: str, number: int) -> bool:
    return isinstance(row, str) or str(row.get("entry_id")) == f"{contact}2" or str(row.get("contact_id")) == contact


def _canonical(row: Any) -> str:
    if isinstance(row, str):
        try:
            row = orjson.loads(row)
        except ValueError:
            return row
    if isinstance(row, dict):
        return f"{row.get('contact_id')} {row.get('entry_id')} {row.get('channel')}"
    return str(row)
