"""An audit database as the Activity page's tests want it: few contacts, whose events are of every kind, and hostile values.

The log is written as loads would: each contact's state is what its events lead to.
"""

import json
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import psycopg2
from psycopg2.extensions import cursor as Cursor

from contact_audit.local.embedded import Server
from contact_audit.windows import floor_border

HOSTILE = "<script>alert(1)</script>"
HOSTILE_ID = "66/6?<b>#"
DANA, GONE, HOST, OTHER = "4711", "4712", HOSTILE_ID, "4713"
LONG_OLD = (
    "Prefers to be called in the morning.\nSpeaks English and French. Never call on Fridays, the office is closed then."
)
LONG_NEW = "Prefers to be called in the afternoon.\nSpeaks English, French and Danish. Never call on Fridays, the office is closed."
PAGED = 70
"""Events of contact OTHER: more than a page holds."""
HOSTILE_FIELD = f"custom_fields.{HOSTILE}"

_NAMESPACE = UUID("5d0a4a0e-6d1c-4a53-9a0e-0d1f6a1d5b11")
_HOUR = timedelta(hours=1)


@dataclass
class Log:
    """What is written: contact → field → value, the events' and schema changes' ids by name; `newest`: complete up to."""

    cursor: Cursor
    newest: datetime
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    schema_ids: dict[str, str] = field(default_factory=dict)

    def event(
        self,
        contact_id: str,
        at: datetime,
        changes: dict[str, Any],
        action: str = "update",
        author: tuple[str, str | None, str | None] = ("agent", "agent-12", "Marco Ricci"),
        attribution: str = "recorded",
        ip: str | None = "192.0.2.12",
        channel: str | None = "agent_panel",
        after: datetime | None = None,
        candidates: list[int] | None = None,
        name: str | None = None,
        merged_into: str | None = None,
        on_behalf_of: str | None = None,
    ) -> str:
        """Write an event that sets these fields; its id."""
        state = self.states.setdefault(contact_id, {})
        listed = [
            {"field": one, "old": state.get(one), "new": new}
            for one, new in sorted(changes.items())
            if state.get(one) != new
        ]
        state.update(changes)
        entry = None if candidates or attribution == "unattributed" else 9000 + len(self.ids)
        event_id = str(uuid5(_NAMESPACE, f"{contact_id} {len(self.ids)}"))
        self.ids[name or event_id] = event_id
        end = floor_border(at) + 3 * _HOUR
        self.cursor.execute(
            """
            insert into audit.contact_audit_log (
                event_id, account_id, contact_id, action, author_type, author_id, author_name, ip_address, channel,
                occurred_at, occurred_after, sequence, changes, attribution, journal_entry_id, candidates,
                previous_snapshot_id, snapshot_id, window_start, window_end, rules_version, run_id, merged_into, on_behalf_of
            )
            values (%s, '1', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 100, 101, %s, %s, 1, 'test_run', %s, %s)
            """,
            [
                *(event_id, contact_id, action, *author, ip, channel, at, after or at, len(self.ids)),
                *(json.dumps(listed), attribution, entry, json.dumps(candidates) if candidates else None),
                *(end - 3 * _HOUR, end, merged_into, on_behalf_of),
            ],
        )
        return event_id

    def schema_change(
        self,
        name: str,
        kind: str,
        field: str,
        at: datetime,
        values: dict[str, Any],
        to: str | None = None,
        after: datetime | None = None,
        captures: tuple[int, int] = (100, 101),
    ) -> None:
        """Write a schema change: `values` are those that contacts lose, gain, or keep under another name."""
        change_id = self.schema_ids[name] = str(uuid5(_NAMESPACE, f"schema {name}"))
        end = at if floor_border(at) == at else floor_border(at) + 3 * _HOUR
        self.cursor.execute(
            """
            insert into audit.schema_changes (
                schema_change_id, account_id, kind, field, renamed_to, contacts, occurred_after, occurred_at,
                previous_snapshot_id, snapshot_id, window_start, window_end, run_id
            )
            values (%s, '1', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'test_run')
            """,
            [
                *(change_id, kind, field, to, len(values), after or at - 3 * _HOUR, at),
                *(*captures, end - 3 * _HOUR, end),
            ],
        )
        for contact_id, value in values.items():
            state = self.states[contact_id]
            pairs = [(field, None, value)] if kind == "appeared" else [(field, value, None)]
            pairs += [(to, None, value)] if to else []
            for one, old, new in pairs:
                assert state.pop(one, None) == old
                if new is not None:
                    state[one] = new
                self.cursor.execute(
                    "insert into audit.schema_change_values values (%s, %s, %s, %s, %s)",
                    [change_id, contact_id, one, json.dumps(old), json.dumps(new)],
                )


def new_activity(server: Server, template: str, name: str) -> tuple[str, Log]:
    """A database of that name, a copy of `template`, filled: its DSN and what is in it. `<name>_template` is the same."""
    _copy(server, template, f"{name}_template")
    log = write_activity(server.dsn(f"{name}_template"))
    _copy(server, f"{name}_template", name)
    return server.dsn(name), log


def _copy(server: Server, template: str, name: str) -> None:
    with closing(psycopg2.connect(server.dsn("postgres"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"drop database if exists {name}")
            cursor.execute(f"create database {name} template {template}")


def write_activity(dsn: str, now: datetime | None = None) -> Log:
    """Fill an empty, migrated audit database with what happened in the forty days before `now`."""
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        log = Log(cursor, floor_border(now or datetime.now(UTC)))
        _labels(log)
        _dana(log)
        _others(log)
        _hostile(log)
        _schema_changes(log)
        _contacts(log)
        _coverage(log)
    return log


def _contacts(log: Log) -> None:
    for contact_id, state in log.states.items():
        custom = {key.removeprefix("custom_fields."): one for key, one in state.items() if key.startswith("custom_")}
        log.cursor.execute(
            "insert into audit.contacts (contact_id, account_id, name, email, primary_phone, custom_fields, deleted, "
            "snapshot_id) values (%s, '1', %s, %s, %s, %s, %s, 101)",
            [
                *(contact_id, state.get("name"), state.get("email"), state.get("primary_phone")),
                *(json.dumps(custom), contact_id == GONE),
            ],
        )


def _labels(log: Log) -> None:
    rows = [
        ("plan", "Plan", "dropdown"),
        ("interests", "Interests", "multiple_choice"),
        ("renewal", "Renewal date", "date"),
        ("newsletter", "Newsletter", "checkbox"),
        ("seats", "Seats", "number"),
        ("notes", "Notes", "text"),
        ("evil", HOSTILE, "text"),
        ("region", "Region", "dropdown"),
        ("tier", "Tier", "dropdown"),
        ("level", "Level", "dropdown"),
    ]
    for key, label, kind in rows:
        log.cursor.execute(
            "insert into audit.field_labels (account_id, field, label, field_type) values ('1', %s, %s, %s)",
            [f"custom_fields.{key}", label, kind],
        )


def _dana(log: Log) -> None:
    day, last = timedelta(days=1), log.newest - timedelta(minutes=30)
    born = {
        "name": "Dana Whitefield",
        "email": "dana@northwind.example",
        "primary_phone": "+1 555 010 2233",
        "custom_fields.plan": "free",
        "custom_fields.interests": ["api", "billing", "mobile"],
        "custom_fields.notes": LONG_OLD,
        "custom_fields.newsletter": False,
        "custom_fields.seats": 12,
        "custom_fields.renewal": "2026-11-30",
        "custom_fields.region": "EMEA",
    }
    admin = ("admin", "admin-1", "Ada Admin")
    sync = ("integration", "azure-ad", "Azure AD sync")
    nobody = ("unknown", None, None)
    unknown: dict[str, Any] = {"author": nobody, "ip": None, "channel": None}
    log.event(DANA, last - 35 * day, born, "create", admin, ip="198.51.100.9", channel="bulk_import", name="born")
    log.event(
        DANA,
        last - 20 * day,
        {"name": "Dana Whitfield", "custom_fields.interests": ["api", "billing", "webhooks"]},
        author=sync,
        ip=None,
        channel="azure_ad_sync",
        attribution="matched",
        name="renamed",
    )
    log.event(
        DANA,
        last - 10 * day,
        {"custom_fields.notes": LONG_NEW},
        attribution="inferred",
        name="long",
    )
    log.event(
        DANA,
        last - 9 * day,
        {"custom_fields.newsletter": True},
        **{**unknown, "channel": "agent_panel"},
        attribution="ambiguous",
        candidates=[501, 502],
        after=last - 9 * day - _HOUR,
        name="ambiguous",
    )
    end = floor_border(last - 5 * day)
    log.event(
        DANA,
        end,
        {"custom_fields.plan": "enterprise", "custom_fields.seats": 1200.5},
        **unknown,
        attribution="unattributed",
        after=end - 3 * _HOUR,
        name="unattributed",
    )
    log.event(DANA, last - 2 * day, {"custom_fields.renewal": None, "email": ""}, author=admin, name="cleared")
    log.event(
        DANA,
        last - _HOUR,
        {"email": "dana@northwind.example", "custom_fields.plan": "entreprise"},
        attribution="unconfirmed",
        name="unconfirmed",
    )
    log.event(
        DANA,
        last,
        {"primary_phone": "+1 555 010 7788"},
        author=("contact", DANA, "Dana Whitfield"),
        ip="203.0.113.24",
        channel="support_portal",
        name="phone",
    )
    for place, reason in enumerate(("duplicate", "no_known_effect", "not_captured")):
        log.cursor.execute(
            "insert into audit.entries_without_event (entry_id, account_id, contact_id, occurred_at, action, author_type, "
            "author_id, author_name, ip_address, channel, reason, window_start, window_end, run_id) "
            "values (%s, '1', %s, %s, 'update', 'agent', 'agent-12', 'Marco Ricci', '192.0.2.12', 'chat', %s, %s, %s, 'r')",
            [700 + place, DANA, last - place * day, reason, log.newest - 3 * _HOUR, log.newest],
        )


def _others(log: Log) -> None:
    start = log.newest - timedelta(days=12)
    log.event(GONE, start, {"name": "Bo Lind", "email": "bo@example.org"}, "create", name="bo_born")
    log.event(GONE, start + _HOUR, {"name": None, "email": None}, "delete", name="bo_gone")
    log.states[GONE] = {"name": "Bo Lind", "email": "bo@example.org"}  # a deleted contact keeps its last values
    born = {"name": "Ada Patel", "primary_phone": "+44 7700 900499", "custom_fields.region": "APAC"}
    log.event(OTHER, start, born, "create")
    for number in range(PAGED - 1):
        log.event(OTHER, start + number * _HOUR, {"custom_fields.seats": number}, author=("system", None, "Automation"))


def _hostile(log: Log) -> None:
    author = ("agent", HOSTILE, HOSTILE)
    at = log.newest - timedelta(days=3)
    values = {"name": HOSTILE, "email": f'"{HOSTILE}', "custom_fields.evil": [HOSTILE, "'\"&"]}
    log.event(HOST, at, values, "create", author, channel=HOSTILE, name="hostile")
    more = {"custom_fields.evil": [HOSTILE + "2"], "primary_phone": "+1\u202e555\u00a0010", "name": f"{HOSTILE} "}
    log.event(HOST, at + _HOUR, more, author=author, name="hostile_again")
    log.event(HOST, at + 2 * _HOUR, {"custom_fields.notes": f"{HOSTILE} " * 10}, author=author)
    log.event(HOST, at + 3 * _HOUR, {"custom_fields.notes": f"{HOSTILE}! " * 10}, author=author)


def _schema_changes(log: Log) -> None:
    """At the moment of an event of OTHER, between the events that end one page of it and begin the next, and elsewhere."""
    start = log.newest - timedelta(days=12)
    values = {DANA: "gold", OTHER: "silver"}
    log.schema_change("tier", "appeared", "custom_fields.tier", start + 6 * _HOUR, values)
    at = start + 18 * _HOUR + timedelta(minutes=30)
    log.schema_change(
        "level", "renamed", "custom_fields.tier", at, values, to="custom_fields.level", captures=(102, 103)
    )
    regions = {DANA: "EMEA", OTHER: "APAC"}
    log.schema_change("region", "disappeared", "custom_fields.region", log.newest - timedelta(days=4), regions)
    log.schema_change("hostile", "appeared", HOSTILE_FIELD, log.newest - timedelta(days=1), {HOST: HOSTILE})


def _coverage(log: Log) -> None:
    windows = [log.newest - number * 3 * _HOUR for number in range(40 * 8) if number != 100]  # one is missing
    for end in reversed(windows):
        log.cursor.execute(
            "insert into audit.ledger (kind, window_start, window_end, events, entries_without_event, rejected, superseded, "
            "captures, whole, rules_version, run_id) values ('load', %s, %s, 0, 0, 0, 0, %s, true, 1, 'test_run')",
            [end - 3 * _HOUR, end, [100] if end == log.newest else []],
        )
    log.cursor.execute(
        "update audit.state set complete_until = %s, last_run_id = 'test_run', last_run_at = now(), waiting_entries = 2, "
        "waiting_since = %s",
        [log.newest, log.newest],
    )
