"""An alert in words. Who, what, when, and which fields; never a value: a message leaves the house."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

LISTED = 20
_SHOWN = 120


def title(watch: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """The first line of a message: the watch and how many alerts; rows as telling.sql gives them."""
    raised = sum(row["retracted_at"] is None for row in rows)
    gone = len(rows) - raised
    told = [_count(raised, "alert")] * bool(raised) + [f"{_count(gone, 'alert')} taken back"] * bool(gone)
    return f"Contact Audit, {_clean(watch)}: {', '.join(told)}"


def body(says: str, rows: Sequence[Mapping[str, Any]], address: str) -> str:
    """What follows: the watch's own words, the first alerts, a line each, and where the rest is."""
    lines = [_clean(says)] * bool(says) + [line(row) for row in rows[:LISTED]]
    if len(rows) > LISTED:
        lines.append(f"and {len(rows) - LISTED:,} more")
    return "\n".join([*lines, *([f"All alerts: {address}"] * bool(address))])


def line(row: Mapping[str, Any]) -> str:
    """An alert as a line."""
    told = f"{_when(row)}: {_WORDS[row['kind']](row)}"
    return told if row["retracted_at"] is None else f"taken back ({_clean(row['retracted_why'])}): {told}"


def _event(row: Mapping[str, Any]) -> str:
    fields = ", ".join(map(_clean, row["fields"] or ()))
    what = f"{row['action']}{f' of {fields}' if fields and row['action'] == 'update' else ''}"
    return f"contact {_clean(row['contact_id'])}, {what}, by {_who(row)}"


def _counted(row: Mapping[str, Any]) -> str:
    by = f" by {_who(row)}" if row["author_type"] else ""
    return f"{int(row['amount']):,} contacts{by} ({row['rule']})"


def _shared(row: Mapping[str, Any]) -> str:
    return f"{row['amount'] * 100:.3g} % of account {_clean(row['account_id'])}, {_count(row['contacts'], 'contact')} ({row['rule']})"


def _first(row: Mapping[str, Any]) -> str:
    return f"{_who(row)} for the first time from this address, on contact {_clean(row['contact_id'])}"


_WORDS = {"event": _event, "count": _counted, "share": _shared, "first": _first}


def _who(row: Mapping[str, Any]) -> str:
    if row["author_type"] in (None, "unknown"):
        return "somebody unknown"
    who = f"{_clean(row['author'])} ({row['author_type']})"
    place = [_clean(part) for part in (row["channel"], row["ip_address"]) if part]
    return " ".join([who, *([f"[{', '.join(place)}]"] * bool(place))])


def _when(row: Mapping[str, Any]) -> str:
    first, last = _moment(row["first_at"]), _moment(row["last_at"])
    return f"{first} UTC" if first == last else f"{first} to {last} UTC"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _clean(text: Any) -> str:
    """A text of somebody else's on one line, without what reorders or controls, and not too long."""
    seen = "".join(one if one.isprintable() else "�" for one in str(text))
    return seen if len(seen) <= _SHOWN else f"{seen[: _SHOWN - 1]}…"
