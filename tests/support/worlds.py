"""Worlds to derive events from: the agreed ones, and generated ones whose captures round and whose journals lie.

A world is {"snapshots": [...], "contact_snapshots": [...], "contact_journal": [...]}: rows as in the helpdesk schema,
moments as ISO text.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parent.parent / "fixtures" / "worlds"
START = datetime(2019, 10, 1, tzinfo=UTC)
SKEW = timedelta(seconds=120)
TICK = timedelta(microseconds=1)

# Few values a field, so that reverts, coincidences and near-equal values (1 and 1.0, true and 1, '' and null) abound.
VALUES: dict[str, list[Any]] = {
    "name": ["Ann", "ann", "Zoë 😀", "Zoe\u0308", "", None],
    "email": ["a@x", "b@x", "A@x", "", None],
    "primary_phone": ["+4912", "0044123", "", None],
    "custom_fields.plan": ["free", "pro", "vip", "NULL", None],
    "custom_fields.seats": [0, 1, 1.0, 12, 12.5, "1", None],
    "custom_fields.interests": [[], ["api"], ["api", "billing"], ["ä", "api", "z"], [1, "1", True], None],
    "custom_fields.vip": [True, False, 1, 0, None],
    "custom_fields.address": [{"city": "Köln", "zip": 1}, {"city": "Köln", "zip": 2}, {}, None],
}
ACCOUNTS = ["1", "2", "3"]
AUTHORS: list[tuple[str | None, str | None, str | None]] = [
    ("agent", "7", "Ann Agent"),
    ("agent", "7", "Ann A. Agent"),
    ("agent", "8", "Bo Agent"),
    ("contact", "7", "Self"),
    ("admin", None, "Ada Admin"),
    ("admin", None, "Ida Admin"),
    ("agent", None, "Ada Admin"),
    ("integration", "azure", None),
    ("system", None, None),
    (None, None, None),
]
ADDRESSES = ["10.0.0.7", "10.0.0.8", "2001:db8::5", None]
CHANNELS = ["agent_panel", "api", "bulk_import", "azure_ad_sync", None]


def load_world(name: str) -> dict[str, Any]:
    """One of the agreed worlds, `plain`, `hard` or `border`, with `expected_events` and `expected_entries_without_event`."""
    world: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
    return world


def random_world(seed: int, *, contacts: int, captures: int, hardness: float) -> dict[str, Any]:
    """A world of its own for each seed; `hardness` 0 to 1 scales how much the journal and the captures lie."""
    return _Simulation(random.Random(seed), hardness).world(contacts, captures)


class _Simulation:
    def __init__(self, rng: random.Random, hardness: float) -> None:
        self.rng = rng
        self.hardness = hardness
        self.captures: list[dict[str, Any]] = []
        self.rows: list[dict[str, Any]] = []
        self.journal: list[dict[str, Any]] = []
        self.authors = rng.sample(AUTHORS, 2 + round(hardness * rng.randint(0, 4)))

    def maybe(self, chance: float) -> bool:
        """True as often as `chance` says in the hardest world, never in an easy one."""
        return self.rng.random() < chance * self.hardness

    def world(self, contacts: int, captures: int) -> dict[str, Any]:
        at = START
        for index in range(captures):
            kind = "changed" if index and self.rng.random() < 0.5 else "full"
            self.captures.append({"at": at + self.off_border(), "kind": kind})
            at += self.until_next_capture()
        self.captures.sort(key=lambda capture: capture["at"])
        self.captures = list({capture["at"]: capture for capture in self.captures}.values())
        self.captures[0]["kind"] = "full"
        for index, capture in enumerate(self.captures):
            capture["snapshot_id"] = index + 1
        for contact_id in range(1, contacts + 1):
            self.live(contact_id)
        return self.as_rows()

    def off_border(self) -> timedelta:
        if not self.maybe(0.3):
            return timedelta()
        return self.rng.choice([timedelta(seconds=5), timedelta(seconds=-240), timedelta(minutes=53), TICK, -TICK])

    def until_next_capture(self) -> timedelta:
        if self.maybe(0.2):  # closer than twice the skew
            return self.rng.choice([timedelta(seconds=30), timedelta(seconds=100), SKEW, 2 * SKEW - TICK, 2 * SKEW])
        if self.maybe(0.2):  # several in one window
            return timedelta(minutes=self.rng.randint(6, 70))
        if self.maybe(0.2):  # windows without one
            return timedelta(hours=self.rng.choice([6, 9, 11]))
        return timedelta(hours=3)

    # ---- one contact's life ----------------------------------------------------------------------------------------

    def live(self, contact_id: int) -> None:
        """Let things happen to a contact in order of their true moments; captures see the state, the journal tells."""
        rng = self.rng
        self.contact_id, self.account = contact_id, rng.choice(ACCOUNTS)
        self.created_at: datetime | None = START - timedelta(days=rng.randint(30, 900))
        self.state: dict[str, Any] | None = self.new_state() if rng.random() < 0.7 else None
        self.written: dict[str, Any] | None = None
        # Often the same few fields, so that several entries may have made one change.
        self.busy = rng.sample(sorted(VALUES), rng.randint(2, len(VALUES)) if self.maybe(0.8) else len(VALUES))
        seen_at = [capture["at"] for capture in self.captures]
        if self.maybe(0.5):  # a capture is not always one instant
            seen_at = sorted(at + SKEW * rng.uniform(-1.1, 1.1) * rng.randint(0, 1) for at in seen_at)
        happenings: list[tuple[datetime, int, Any]] = [(at, 1, c) for at, c in zip(seen_at, self.captures, strict=True)]
        moments = [capture["at"] for capture in self.captures]
        edges = [moments[0] - timedelta(hours=5), *moments, moments[-1] + timedelta(hours=4)]
        for begin, end in pairwise(edges):
            chance = 0.35 + 0.4 * self.hardness
            busy = rng.random() < (chance / 3 if begin is edges[0] else chance)
            for _ in range(rng.randint(1, 2 + round(5 * self.hardness)) if busy else 0):
                happenings.append((self.some_moment(begin, end), 0, None))
        for at, _, capture in sorted(happenings, key=lambda h: (h[0], h[1])):
            if capture:
                self.capture(capture)
            else:
                self.act(at)

    def some_moment(self, begin: datetime, end: datetime) -> datetime:
        rng = self.rng
        if self.maybe(0.45):  # around a capture
            return rng.choice([begin, end]) + SKEW * rng.choice([-1, 1, 0, rng.uniform(-1, 1), rng.uniform(-1, 1)])
        at = begin + (end - begin) * rng.random()
        return at.replace(minute=at.minute // 20 * 20, second=0, microsecond=0) if self.maybe(0.3) else at

    def new_state(self) -> dict[str, Any]:
        # Who comes back may be in another account than before, and nobody says so.
        self.account = self.rng.choice(ACCOUNTS) if self.maybe(0.2) else self.account
        return {name: self.rng.choice(values) for name, values in VALUES.items()} | {"account_id": self.account}

    def act(self, at: datetime) -> None:
        """One thing happens to the contact, or the journal says that something did."""
        rng = self.rng
        if self.maybe(0.12):
            self.tell_of_nothing(at)
        elif self.maybe(0.06):
            self.chorus(at)
        elif self.state is None:
            before, self.state = None, self.new_state()
            action = "restore" if rng.random() < 0.4 else "create"
            if action == "create" or self.maybe(0.3):
                previous = max((c["at"] for c in self.captures if c["at"] < at), default=at)
                self.created_at = rng.choice(
                    [at, at, None, previous, previous - SKEW, previous - SKEW - TICK, at + SKEW]
                )
            self.tell(at, action, before, self.state)
        elif rng.random() < 0.05 + 0.15 * self.hardness:
            before, self.state = self.state, None
            self.tell(at, "delete", before, None)
            if self.maybe(0.4):  # back at once, in the same pair
                self.act(at + timedelta(seconds=rng.randint(0, 300)))
        else:
            before = self.state
            touched = rng.sample(self.busy, rng.randint(1, min(3, len(self.busy))))
            self.state = {**before, **{name: rng.choice(VALUES[name]) for name in touched}}
            if self.maybe(0.2):  # it moves, perhaps with nothing else
                self.account = rng.choice(ACCOUNTS)
                self.state = {**(before if rng.random() < 0.5 else self.state), "account_id": self.account}
            self.tell(at, "create" if self.maybe(0.07) else "update", before, self.state)

    def chorus(self, at: datetime) -> None:
        """Several entries, none with values, any of which may have made the change; perhaps of one born unheard."""
        rng = self.rng
        if self.state is None:
            self.created_at = rng.choice([self.created_at, None, at])
        self.state = self.new_state()
        names = rng.sample(self.busy, rng.randint(1, 2))
        for index in range(rng.randint(2, 4)):
            bare = self.maybe(0.2)
            self.write(
                at + timedelta(seconds=60 * index), "update", None if bare else [{"field": name} for name in names]
            )

    # ---- what the journal says -------------------------------------------------------------------------------------

    def tell(self, at: datetime, action: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
        forgetful = 0.35 if before is None else 0.15
        if self.rng.random() < 0.05 + forgetful * self.hardness:
            return  # nobody wrote it down
        old, new = before or {}, after or {}
        touched = [name for name in VALUES if not _alike(old.get(name), new.get(name))]
        # What a birth or a death says of the account it only says now and then.
        if not _alike(old.get("account_id"), new.get("account_id")) and (action == "update" or self.rng.random() < 0.2):
            touched.append("account_id")
        if self.maybe(0.15):
            touched += self.rng.sample([*self.busy, "account_id"], 1)
        self.write(at, action, self.items(action, touched, old, new))

    def tell_of_nothing(self, at: datetime) -> None:
        """An entry that nothing stands behind: no effect, a contact that is not there, a restore of one that is."""
        rng = self.rng
        action = rng.choice(["update", "update", "update", "create", "restore", "delete"])
        values = {name: rng.choice(VALUES[name]) for name in rng.sample(self.busy, rng.randint(0, 2))}
        self.write(at, action, self.items(action, sorted(values), self.state or {}, values))

    def items(
        self, action: str, touched: list[str], old: dict[str, Any], new: dict[str, Any]
    ) -> list[dict[str, Any]] | None:
        """The entry's `changes`: values, names, both, nothing; now and then wrong."""
        rng = self.rng
        hard = self.hardness
        form = rng.choices(["values", "names", "mixed", "bare", "nothing"], [6, 1 + 3 * hard, 1, 1 + hard, hard / 2])[0]
        if form == "bare":
            return None
        if form == "nothing":
            return []
        items = []
        for name in touched:
            item: dict[str, Any] = {"field": name}
            if form == "values" or (form == "mixed" and rng.random() < 0.5):
                item["old"], item["new"] = self.disguise(old.get(name)), self.disguise(new.get(name))
                if name == "account_id" and self.maybe(0.3):  # as a number
                    item |= {key: int(item[key]) for key in ("old", "new") if item[key] is not None}
                if self.maybe(0.08):
                    item[rng.choice(["old", "new"])] = rng.choice(ACCOUNTS if name == "account_id" else VALUES[name])
                if action in ("create", "restore") and rng.random() < 0.3 and item["old"] is None:
                    del item["old"]
                elif (action == "delete" and rng.random() < 0.3 and item["new"] is None) or self.maybe(0.03):
                    del item["new"]
            items.append(item)
            if self.maybe(0.02):
                other = {"field": name, "old": rng.choice(VALUES.get(name, ACCOUNTS)), "new": None}
                items.append(dict(item) if rng.random() < 0.5 else other)
        if self.maybe(0.1):  # a value confirmed, not changed
            name = rng.choice(self.busy)
            if name not in touched:
                value = rng.choice([old.get(name), new.get(name), rng.choice(VALUES[name])])
                items.append({"field": name, "old": value, "new": self.disguise(value)})
        if self.maybe(0.02):
            items.append({"field": "last_seen_at", "old": "1", "new": "2"})
        rng.shuffle(items)
        return items

    def write(self, at: datetime, action: str, changes: list[dict[str, Any]] | None) -> None:
        rng = self.rng
        if self.maybe(0.35):  # clocks differ
            at += SKEW * rng.uniform(-1, 1)
        if self.maybe(0.05):
            at += timedelta(minutes=rng.choice([-20, 20]))
        late = timedelta(hours=rng.randint(1, 30)) if self.maybe(0.1) else timedelta(seconds=1)
        author_type, author_id, author_name = rng.choice(self.authors)
        entry = {
            "contact_id": self.contact_id,
            "account_id": int(rng.choice(ACCOUNTS) if self.maybe(0.1) else self.account),
            "occurred_at": at.isoformat(),
            "recorded_at": (at + late).isoformat(),
            "action": action,
            "author_type": author_type,
            "author_id": author_id,
            "author_name": author_name,
            "ip_address": rng.choice(ADDRESSES),
            "channel": rng.choice(CHANNELS),
            "changes": changes,
        }
        self.journal.append(entry)
        if self.maybe(0.07):
            self.journal.append({**entry, "recorded_at": (at + timedelta(seconds=rng.randint(2, 9999))).isoformat()})

    # ---- what the captures see -------------------------------------------------------------------------------------

    def capture(self, capture: dict[str, Any]) -> None:
        changed = capture["kind"] == "changed"
        if self.state is None:
            if (changed and self.written is not None) or self.maybe(0.1):
                self.write_row(capture, self.written or self.new_state(), deleted=True)
        elif not changed or self.state != self.written or self.maybe(0.2):
            self.write_row(capture, self.state, deleted=False)
        self.written = None if self.state is None else dict(self.state)

    def write_row(self, capture: dict[str, Any], state: dict[str, Any], *, deleted: bool) -> None:
        prefix = "custom_fields."
        custom = {n.removeprefix(prefix): self.disguise(value) for n, value in state.items() if n.startswith(prefix)}
        self.rows.append(
            {
                "snapshot_id": capture["snapshot_id"],
                "contact_id": self.contact_id,
                "account_id": int(state["account_id"]),
                **{name: state[name] for name in ("name", "email", "primary_phone")},
                "custom_fields": {
                    key: value for key, value in custom.items() if value is not None or self.rng.random() < 0.5
                },
                "created_at": self.created_at.isoformat() if self.created_at else None,
                "deleted": deleted,
            }
        )

    def disguise(self, value: Any) -> Any:
        """The same value in another spelling: another order, a number twice, 12.0 for 12, null for an empty list."""
        if not self.maybe(0.4):
            return value
        if isinstance(value, list):
            repeated = value + value[:1]
            return self.rng.sample(repeated, len(repeated)) or (None if self.rng.random() < 0.5 else [])
        if isinstance(value, dict):
            return {key: self.disguise(value[key]) for key in reversed(list(value))}
        if isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        return value

    def as_rows(self) -> dict[str, Any]:
        ids = list(range(1001, 1001 + len(self.journal)))
        order = list(range(len(self.journal)))
        if self.maybe(0.7):  # ids need not follow the moments
            self.rng.shuffle(order)
        else:
            order.sort(key=lambda index: str(self.journal[index]["occurred_at"]))
        entries = [{"entry_id": entry_id, **self.journal[index]} for entry_id, index in zip(ids, order, strict=True)]
        self.rng.shuffle(entries)
        return {
            "snapshots": [
                {"snapshot_id": c["snapshot_id"], "captured_at": c["at"].isoformat(), "kind": c["kind"]}
                for c in self.captures
            ],
            "contact_snapshots": sorted(self.rows, key=lambda row: (row["snapshot_id"], row["contact_id"])),
            "contact_journal": entries,
        }


def _alike(left: Any, right: Any) -> bool:
    return type(left) is type(right) and bool(left == right)


# ---- into a database -----------------------------------------------------------------------------------------------

COLUMNS = {
    "snapshots": ["snapshot_id", "captured_at", "kind"],
    "contact_snapshots": [
        *("snapshot_id", "contact_id", "account_id", "name", "email"),
        *("primary_phone", "custom_fields", "created_at", "deleted"),
    ],
    "contact_journal": [
        *("entry_id", "contact_id", "account_id", "occurred_at", "recorded_at", "action"),
        *("author_type", "author_id", "author_name", "ip_address", "channel", "changes"),
    ],
    "custom_fields": ["account_id", "field_key", "label", "field_type"],
}
JSON_COLUMNS = {"custom_fields", "changes"}


def write_world(dsn: str, world: dict[str, Any]) -> None:
    """Add a world's rows to a helpdesk database that has the reference schema, in one transaction."""
    import psycopg2
    from psycopg2 import sql
    from psycopg2.extras import Json, execute_values

    connection = psycopg2.connect(dsn)
    try:
        with connection, connection.cursor() as cursor:
            for table, columns in COLUMNS.items():
                rows = [
                    [Json(row[c]) if c in JSON_COLUMNS and row[c] is not None else row[c] for c in columns]
                    for row in world.get(table, [])
                ]
                statement = sql.SQL("insert into helpdesk.{} ({}) values %s").format(
                    sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
                )
                if rows:
                    execute_values(cursor, statement.as_string(cursor), rows)
    finally:
        connection.close()
