"""Events for watches, from plain dicts, and what watches say of them by the slow and plain way."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from contact_audit.act.alerts import events_of
from contact_audit.act.watch_rules import Count, First, Share, Watch
from contact_audit.act.watches import Events, affected, difference, hits, matching, spans

START = datetime(2026, 11, 23, tzinfo=UTC)
_DEFAULT: dict[str, Any] = {
    "account_id": "1", "contact_id": "1", "action": "update", "author_type": "agent", "author_id": "7", "author_name": None,
    "ip_address": None, "channel": None, "attribution": "recorded", "occurred_after": None, "changes": [("email", "a@x", "b@x")],
    "kind": "addition", "reason": None,
}  # fmt: skip


def event(event_id: str, at: datetime | float = 0, **given: Any) -> dict[str, Any]:
    """An event; `at` a moment, or minutes after START; its window is the one that it lies in."""
    moment = at if isinstance(at, datetime) else START + timedelta(minutes=at)
    past = (moment - START) % timedelta(hours=3)
    window = moment if not past else moment - past + timedelta(hours=3)
    return {**_DEFAULT, "event_id": event_id, "occurred_at": moment, "window_end": window, **given}


def frame_of(events: Iterable[dict[str, Any]]) -> Events:
    """The events as they come from the database."""
    rows = []
    for one in events:
        changes = one["changes"]
        rows.append(
            {
                **{name: value for name, value in one.items() if name != "changes"},
                "occurred_after": one["occurred_after"] or one["occurred_at"],
                **{
                    name: [change[place] for change in changes] or None
                    for place, name in enumerate(("fields", "olds", "news"))
                },
            }
        )
    columns = [*(name for name in event("") if name != "changes"), "fields", "olds", "news"]
    return events_of(pd.DataFrame(rows, columns=columns, dtype=object))


def matched(watch: Watch, *events: dict[str, Any], since: datetime | None = None) -> list[str]:
    """The ids of those events that meet the watch's conditions."""
    frame = frame_of(events)
    return frame.rows.loc[matching(watch, frame, since), "event_id"].tolist()


class Alerts:
    """Alerts kept as alerts.py keeps them, over a log in memory: every step is told what came and went, and sees what stands."""

    def __init__(self, watch: Watch, contacts: dict[str, int] | None = None) -> None:
        self.watch = watch
        self.contacts = pd.Series(contacts or {}, dtype=float)
        self.log: dict[str, dict[str, Any]] = {}
        self.seen_before: set[tuple[str, str]] = set()
        self.standing: dict[str, list[str]] = {}
        self.raised: list[str] = []
        self.retracted: list[str] = []

    def step(self, gone: Iterable[str] = (), came: Iterable[dict[str, Any]] = ()) -> None:
        """A load, or several as one."""
        touched = [{**self.log.pop(one), "kind": "retraction", "reason": "late"} for one in gone]
        for one in came:
            self.log[one["event_id"]] = one
            touched.append(one)
        frame = frame_of(touched)
        keys = affected(self.watch, frame, matching(self.watch, frame, None))
        pool = frame_of(self._pool(keys))
        found = hits(self.watch, keys, pool, matching(self.watch, pool, None), self.contacts)
        rows = [
            {"alert_id": number, "key": key, "events": ids} for number, (key, ids) in enumerate(self.standing.items())
        ]
        alerts = pd.DataFrame(rows, columns=["alert_id", "key", "events"])
        made = difference(alerts[alerts["key"].isin(keys["key"])], found)
        for key in made.new:
            assert key not in self.standing
            self.raised.append(key)
        names = list(self.standing)
        for number in made.gone:
            self.retracted.append(names[number])
            del self.standing[names[number]]
        now = found.groupby("key")["event_id"].agg(list).to_dict()
        self.standing |= {key: sorted(now[key]) for key in [*made.new, *made.changed["key"]]}

    def _pool(self, keys: pd.DataFrame) -> list[dict[str, Any]]:
        """What the database would be asked for, and not a row more."""
        events = list(self.log.values())
        match self.watch.of:
            case None:
                return [one for one in events if one["event_id"] in set(keys["event_id"])]
            case Count():
                times = spans(self.watch, keys)
                return [one for one in events if any(start <= one["occurred_at"] < end for start, end in times)]
            case Share():
                windows = set(keys["window_end"])
                return [one for one in events if pd.Timestamp(one["window_end"]) in windows]
            case First():
                pairs = set(zip(keys["author"], keys["ip_address"], strict=True)) - self.seen_before
                first: dict[tuple[str, str], dict[str, Any]] = {}
                for one in sorted(events, key=lambda one: (one["occurred_at"], one["event_id"])):
                    first.setdefault((f"{one['author_type']}:{one['author_id']}", one["ip_address"]), one)
                return [one for pair, one in first.items() if pair in pairs]
        raise AssertionError(self.watch.of)


def plainly(watch: Watch, log: Iterable[dict[str, Any]], contacts: dict[str, int] | None = None) -> list[list[str]]:
    """The hits of a whole log, each as the ids of its events, sorted: by loops, straight from docs/watches.md."""
    events = [one for one in log if one["event_id"] in set(matched(watch, *log))]
    match watch.of:
        case None:
            return sorted([one["event_id"]] for one in events)
        case Count(more_than, within, _):
            found = defaultdict(set)
            for last in events:
                span = [
                    one
                    for one in events
                    if one["author_id"] == last["author_id"]
                    and last["occurred_at"] - within < one["occurred_at"] <= last["occurred_at"]
                ]
                if len({one["contact_id"] for one in span}) > more_than:
                    cell = (last["occurred_at"] - datetime(1970, 1, 1, tzinfo=UTC)) // within
                    found[last["author_id"], cell] |= {one["event_id"] for one in span}
            return sorted(sorted(ids) for ids in found.values())
        case Share(more_than, at_least):
            grouped = defaultdict(list)
            for one in events:
                grouped[one["account_id"], one["window_end"]].append(one)
            return sorted(
                sorted(one["event_id"] for one in group)
                for (account, _), group in grouped.items()
                if len(touched := {one["contact_id"] for one in group}) >= at_least
                and len(touched) / max((contacts or {}).get(account, 0), len(touched)) > more_than
            )
        case First():
            pairs: dict[tuple[str, str], dict[str, Any]] = {}
            for one in sorted(log, key=lambda one: (one["occurred_at"], one["event_id"])):
                if one["ip_address"] is not None:
                    pairs.setdefault((one["author_id"], one["ip_address"]), one)
            return sorted([one["event_id"]] for one in pairs.values() if one in events)
    raise AssertionError(watch.of)
