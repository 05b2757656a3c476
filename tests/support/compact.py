"""One contact's evidence and events as lines of text, every column in sight.

    00:00 capture plan=free             a full capture and the contact's values in it; `-`: it is not there
    03:00 changed#7 plan=pro            a changed one, its id given; `-`: a tombstone; nothing: it does not mention the contact
    03:00 capture bad                   a row of the contact that cannot be used: its custom_fields are no object
    01:00 update #1 ann plan:free>pro   an entry: action, id, author, items; `field` alone names it, `nothing` is [],
    no item is null
    01:00 update #1 ann@2 account:1>2   an entry whose own account is 2, of a move; `account=2` in a capture; else all is of account 1
    01:00~07:30 update #1 ann           one that became visible at 07:30
    -> 03:00/1 [1-2] update 01:00 ann recorded #1: plan free>pro

An event: window's end / sequence, pair, action, when (after..at), author, attribution, evidence (`-` none, `#1|#2`
candidates), changes.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from contact_audit.attribution.attribute import attribute
from contact_audit.evidence.states import read
from tests.support.extracts import as_records, extract_of
from tests.support.runs import query

DAY = datetime(2024, 3, 1, tzinfo=UTC)
AUTHOR = ("author_type", "author_id", "author_name", "ip_address", "channel")
AUTHORS: dict[str, tuple[str | None, ...]] = {
    "ann": ("agent", "7", "Ann", "10.0.0.7", "agent_panel"),
    "ann2": ("agent", "7", "Ann A.", "10.0.0.8", "agent_panel"),
    "bo": ("agent", "8", "Bo", "10.0.0.7", "agent_panel"),
    "self": ("contact", "7", "Ann", "10.0.0.7", "agent_panel"),
    "ada": ("admin", None, "Ada", "10.0.0.9", "api"),
    "ada2": ("admin", None, "Ada", "10.0.0.9", "email"),
    "cron": ("system", None, None, "10.0.0.1", "api"),
    "nobody": (None, None, None, None, None),
}
_FIXED = {"name": "name", "email": "email", "phone": "primary_phone", "account": "account_id"}


def moment(text: str) -> datetime:
    """A moment of the day; 27:30 is on the next one."""
    hours, minutes, *seconds = text.split(":")
    return DAY + timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds[0]) if seconds else 0)


def world_of(text: str) -> dict[str, Any]:
    """The lines as a world (worlds.py) of contact 1."""
    world: dict[str, Any] = {"snapshots": [], "contact_snapshots": [], "contact_journal": []}
    for line in text.strip().splitlines():
        at, what, *rest = line.split()
        kind, _, number = what.partition("#")
        if kind in ("capture", "changed"):
            _capture(world, moment(at), "changed" if kind == "changed" else "full", number, rest)
        else:
            world["contact_journal"].append(_entry(at, what, rest))
    return world


def events_of(text: str, skew_seconds: float = 120) -> list[str]:
    """The events of the lines, then the entries without one, as lines."""
    derived = attribute(read(extract_of(world_of(text))), timedelta(seconds=skew_seconds))
    events, without = as_records(derived)
    lines = [_event(event) for event in sorted(events, key=lambda event: (event["window_end"], event["sequence"]))]
    return lines + [f"#{row['entry_id']} {row['reason']}" for row in sorted(without, key=lambda row: row["entry_id"])]


def logged(dsn: str, contact: int = 1) -> list[str]:
    """The events of a contact in an audit database, then the entries without one, as lines; numbers as in `together`."""
    text = "select l.*, host(ip_address) as ip_address from audit.contact_audit_log as l where contact_id = %s"
    events = query(dsn, f"{text} order by window_end, sequence", (str(contact),))
    apart = _APART * (contact - 1)
    for event in events:
        event |= {name: event[name].isoformat() for name in ("window_end", "occurred_after", "occurred_at")}
        event["contact_id"] = "1"
        event["journal_entry_id"] = event["journal_entry_id"] and event["journal_entry_id"] - apart
        event["candidates"] = event["candidates"] and [one - apart for one in event["candidates"]]
    names = "entry_id, reason from audit.entries_without_event where contact_id = %s"
    without = query(dsn, f"select {names} order by entry_id", (str(contact),))
    return [_event(event) for event in events] + [f"#{row['entry_id'] - apart} {row['reason']}" for row in without]


_APART = 1000


def together(stories: Sequence[str]) -> dict[str, Any]:
    """Stories that have the same captures as one world, of contacts 1, 2, ...; their entries' numbers go up by 1000 each."""
    whole: dict[str, Any] = {"snapshots": [], "contact_snapshots": [], "contact_journal": []}
    for number, story in enumerate(stories):
        world = world_of(story)
        whole["snapshots"] = world["snapshots"]
        whole["contact_snapshots"] += [{**row, "contact_id": number + 1} for row in world["contact_snapshots"]]
        whole["contact_journal"] += [
            {**row, "contact_id": number + 1, "entry_id": row["entry_id"] + _APART * number}
            for row in world["contact_journal"]
        ]
    return whole


def expected(text: str) -> list[str]:
    """The lines of a text."""
    return [" ".join(line.split()) for line in text.strip().splitlines()]


def _capture(world: dict[str, Any], at: datetime, kind: str, given: str, values: list[str]) -> None:
    number = int(given or len(world["snapshots"]) + 1)
    world["snapshots"].append({"snapshot_id": number, "captured_at": at.isoformat(), "kind": kind})
    gone = values == ["-"]
    if (gone and kind == "full") or (not values and kind == "changed"):
        return
    row: dict[str, Any] = {"snapshot_id": number, "contact_id": 1, "account_id": 1, "created_at": None, "deleted": gone}
    row |= {"name": None, "email": None, "primary_phone": None, "custom_fields": {}}
    if values == ["bad"]:
        world["contact_snapshots"].append(row | {"custom_fields": "bad"})
        return
    for name, text in (value.split("=", 1) for value in values if not gone):
        if name == "created":
            row["created_at"] = moment(text).isoformat()
        elif name in _FIXED:
            row[_FIXED[name]] = _value(text)
        else:
            row["custom_fields"][name] = _value(text)
    world["contact_snapshots"].append(row)


def _entry(clock: str, action: str, rest: list[str]) -> dict[str, Any]:
    clock, _, recorded = clock.partition("~")
    at = moment(clock)
    number, author, *items = rest
    author, _, account = author.partition("@")
    changes: list[dict[str, Any]] | None = None if not items else []
    for item in items if items != ["nothing"] else []:
        name, _, values = item.partition(":")
        change: dict[str, Any] = {"field": _FIXED.get(name, f"custom_fields.{name}")}
        old, arrow, new = values.partition(">")
        change |= ({"old": _value(old)} if old else {}) | ({"new": _value(new)} if arrow and new else {})
        changes = [*(changes or []), change]
    return {
        "entry_id": int(number.removeprefix("#")),
        "contact_id": 1,
        "account_id": int(account or 1),
        "occurred_at": at.isoformat(),
        "recorded_at": (moment(recorded) if recorded else at + timedelta(seconds=1)).isoformat(),
        "action": action,
        **dict(zip(AUTHOR, AUTHORS[author], strict=True)),
        "changes": changes,
    }


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _event(event: dict[str, Any]) -> str:
    assert event["contact_id"] == "1"
    window, after, at = (_clock(event[name]) for name in ("window_end", "occurred_after", "occurred_at"))
    pair = "[-]" if event["snapshot_id"] is None else f"[{event['previous_snapshot_id']}-{event['snapshot_id']}]"
    evidence = "-" if event["journal_entry_id"] is None else f"#{event['journal_entry_id']}"
    if event["candidates"]:
        assert evidence == "-"
        evidence = "|".join(f"#{one}" for one in event["candidates"])
    changes = ", ".join(f"{_short(one['field'])} {_text(one['old'])}>{_text(one['new'])}" for one in event["changes"])
    head = f"{window}/{event['sequence']} {pair} {event['action']} {at if at == after else f'{after}..{at}'}"
    account = "" if event["account_id"] == "1" else f"@{event['account_id']}"
    return f"{head} {_author(event)}{account} {event['attribution']} {evidence}:{' ' if changes else ''}{changes}"


def _author(event: dict[str, Any]) -> str:
    values = tuple(event[name] for name in AUTHOR)
    if values == ("unknown", None, None, None, None):
        return "?"
    known = [name for name, author in AUTHORS.items() if author == values]
    return known[0] if known else "/".join(str(value) for value in values)


def _short(field: str) -> str:
    known = [name for name, whole in _FIXED.items() if whole == field]
    return known[0] if known else field.removeprefix("custom_fields.")


def _text(value: Any) -> str:
    return value if isinstance(value, str) and value.isalnum() else json.dumps(value, separators=(",", ":"))


def _clock(text: str) -> str:
    seconds = (datetime.fromisoformat(text) - DAY).total_seconds()
    minutes, rest = divmod(seconds, 60)
    clock = f"{int(minutes // 60):02}:{int(minutes % 60):02}"
    return clock if not rest else f"{clock}:{rest:09.6f}".rstrip("0").rstrip(".")
