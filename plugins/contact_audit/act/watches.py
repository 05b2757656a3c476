"""Watches, evaluated: which hits the events that stand make, as far as what was touched may have changed them. Pure.

Whatever came and went, what decides are the events that stand now. So each hit has a key that depends on nothing but what it is about;
what was touched says which keys to look at again; and a key's hit is worked out anew, from all of its events. Therefore the hits that
stand in the end do not depend on the portions in which events came.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from contact_audit.act.watch_rules import Condition, Count, Hours, Share, Value, Watch

_MICROSECOND = timedelta(microseconds=1)
_GROUP = {"account": "account_id", "channel": "channel", "ip_address": "ip_address", "author": "author"}
_BY: dict[str, list[str]] = {
    "event": ["event_id"], "count": ["group", "cell"], "share": ["account_id", "window_end"], "first": ["author", "ip_address"],
}  # fmt: skip
FOUND = (
    "key",
    "amount",
    "event_id",
    "occurred_at",
    "contact_id",
    "account_id",
    "author_type",
    "author_id",
    "window_end",
)


@dataclass(frozen=True)
class Events:
    """Events to look at.

    Attributes:
        rows: row (int, its index), event_id, account_id, contact_id, action, author_type, author_id, author_name, ip_address, channel,
        attribution (texts, null where unknown), occurred_at, occurred_after, window_end (UTC), kind (addition or retraction),
        reason (of a retraction), and author: kind:id, or kind:name without an id, null where nobody is known.
        changes: row, field, old, new: the changes of these, values as text.
    """

    rows: pd.DataFrame
    changes: pd.DataFrame


def matching(watch: Watch, events: Events, since: datetime | None) -> pd.Series:
    """Whether each event meets a watch's conditions; bool, by row."""
    met = _meets(watch.when, events)
    if watch.unless is not None:
        met &= ~_meets(watch.unless, events)
    if since is not None:
        met &= events.rows["occurred_at"] >= pd.Timestamp(since)
    return met


def affected(watch: Watch, touched: Events, matched: pd.Series) -> pd.DataFrame:
    """The keys whose hits may be others now: key, and what it is made of; `matched`: of the touched events."""
    rows = touched.rows
    if watch.of is None:
        found = rows[["event_id"]]
    elif isinstance(watch.of, Count):
        mine = rows[matched].assign(group=rows[_GROUP[watch.of.by]], cell=_cells(rows, watch.of.within))
        mine = mine.dropna(subset=["group"])[["group", "cell"]]
        # an event is in the spans that end up to `within` after it: in its own cell, and in the next
        found = pd.concat([mine, mine.assign(cell=mine["cell"] + 1)])
    elif isinstance(watch.of, Share):
        found = rows[matched][["account_id", "window_end"]]
    else:
        found = rows[["author", "ip_address"]].dropna()
    found = found.drop_duplicates(ignore_index=True)
    return found.assign(key=_keys(watch, found))


def spans(watch: Watch, keys: pd.DataFrame) -> list[tuple[datetime, datetime]]:
    """The times, [from, until), whose events a count's keys rest on; neighbours as one."""
    if not isinstance(watch.of, Count) or not len(keys):
        return []
    within = watch.of.within // _MICROSECOND
    cells = np.unique(keys["cell"].to_numpy(np.int64))
    breaks = np.flatnonzero(np.diff(cells) > 1)
    first, last = cells[np.r_[0, breaks + 1]], cells[np.r_[breaks, len(cells) - 1]]
    starts, ends = (pd.to_datetime(one * within, unit="us", utc=True) for one in (first - 1, last + 1))
    return list(zip(starts.to_pydatetime().tolist(), ends.to_pydatetime().tolist(), strict=True))


def hits(watch: Watch, keys: pd.DataFrame, standing: Events, matched: pd.Series, contacts: pd.Series) -> pd.DataFrame:
    """The hits that these keys have now: a row for each of their events, FOUND; amount is the same within a key.

    `standing`: the events that stand, at least all that the keys rest on (of a first: only the earliest of each author and address,
    where nothing earlier than the watching is known); `matched`: of these; `contacts`: how many contacts are there, by account_id.
    """
    rows = standing.rows[matched]
    if watch.of is None:
        found = rows.merge(keys, on="event_id").assign(amount=1.0)
    elif isinstance(watch.of, Count):
        found = _counted(watch.of, keys, rows)
    elif isinstance(watch.of, Share):
        found = _shared(watch.of, keys, rows, contacts)
    else:
        found = rows.merge(keys, on=["author", "ip_address"]).assign(amount=1.0)
    return found.sort_values(["key", "occurred_at", "event_id"], ignore_index=True)[[*FOUND]]


@dataclass(frozen=True)
class Difference:
    """How alerts that stand become the hits that are: keys of new ones; alert_ids to change, and to take back."""

    new: pd.Index
    changed: pd.DataFrame
    gone: list[int]


def difference(alerts: pd.DataFrame, found: pd.DataFrame) -> Difference:
    """Compare: alerts (alert_id, key, events: list of event_ids), all that stand of the keys looked at; hits: FOUND."""
    now = found.sort_values("event_id").groupby("key")["event_id"].agg(list).map(tuple)
    there = alerts.set_index("key")
    stays = there[there.index.isin(now.index)]
    then = stays["events"].map(lambda ids: tuple(sorted(ids)))
    changed = stays[then != now.reindex(stays.index)] if len(stays) else stays
    gone = there[~there.index.isin(now.index)]["alert_id"].astype(int).tolist()
    return Difference(now.index[~now.index.isin(there.index)], changed.reset_index()[["key", "alert_id"]], gone)


def author(rows: pd.DataFrame) -> pd.Series:
    """kind:id, or kind:name where there is no id; null where nobody is known by either."""
    known = rows["author_id"].fillna(rows["author_name"])
    return (rows["author_type"] + ":" + known).where(known.notna(), None)


def _meets(condition: Condition, events: Events) -> pd.Series:
    rows = events.rows
    met = pd.Series(True, index=rows.index)
    for column, wanted in (
        ("action", condition.actions),
        ("author_type", condition.kinds),
        ("channel", condition.channels),
        ("account_id", condition.accounts),
        ("contact_id", condition.contacts),
        ("attribution", condition.attributions),
    ):
        if wanted is not None:
            met &= rows[column].isin(wanted)
    if condition.authors is not None:
        met &= rows[["author_id", "author_name", "author"]].isin(condition.authors).any(axis=1)
    if condition.hours is not None:
        met &= _within(condition.hours, rows)
    if condition.fields is not None or condition.old is not None or condition.new is not None:
        changes = events.changes
        fit = pd.Series(True, index=changes.index)
        if condition.fields is not None:
            fit &= changes["field"].isin(_named(changes["field"].unique(), condition.fields))
        for column, value in (("old", condition.old), ("new", condition.new)):
            if value is not None:
                fit &= _has(changes[column], value)
        met &= rows["row"].isin(changes.loc[fit, "row"])
    return met


def _named(fields: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """Which of the few different fields are wanted; `*` stands for anything."""
    pattern = re.compile("|".join(".*".join(map(re.escape, one.split("*"))) for one in wanted))
    return [field for field in fields if pattern.fullmatch(field)]


def _has(texts: pd.Series, value: Value) -> pd.Series:
    if value.pattern is None:
        return texts.isna()
    found = pc.match_substring_regex(pa.array(texts, pa.string(), from_pandas=True), value.pattern)
    return pd.Series(found.fill_null(False).to_numpy(zero_copy_only=False), index=texts.index)


def _within(hours: Hours, rows: pd.DataFrame) -> pd.Series:
    at = rows["occurred_at"].dt.tz_convert(hours.zone)
    minute = at.dt.hour * 60 + at.dt.minute
    start, end = (one.hour * 60 + one.minute for one in (hours.start, hours.end))
    after, before = minute >= start, minute < end
    inside = (after & before) if start < end else (after | before)
    # a change that lies in a span of time has no hour that anybody knows
    found: pd.Series = inside & at.dt.day_of_week.isin(hours.days) & (rows["occurred_at"] == rows["occurred_after"])
    return found


def _cells(rows: pd.DataFrame, within: timedelta) -> pd.Series:
    return _micros(rows["occurred_at"]) // (within // _MICROSECOND)


def _micros(moments: pd.Series) -> pd.Series:
    return moments.astype("datetime64[us, UTC]").astype("int64")


def _counted(count: Count, keys: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Where more contacts than that are touched in a span of `within` that ends at an event: one hit for each group and cell."""
    mine = rows.assign(group=rows[_GROUP[count.by]]).dropna(subset=["group"])
    mine = mine[mine["group"].isin(keys["group"])].sort_values(["group", "occurred_at", "event_id"], ignore_index=True)
    mine["at"], mine["cell"] = _micros(mine["occurred_at"]), _cells(mine, count.within)
    within = count.within // _MICROSECOND
    mine["amount"] = _contacts_within(mine, within).astype(float)
    over = mine[mine["amount"] > count.more_than].merge(keys, on=["group", "cell"])
    told = over.groupby(["group", "cell", "key"], as_index=False).agg(
        amount=("amount", "max"), first=("at", "min"), last=("at", "max")
    )
    mine = mine.drop(columns="amount")
    found = pd.concat([mine.assign(cell=mine["cell"] + later) for later in (0, 1)]).merge(told, on=["group", "cell"])
    return found[(found["at"] > found["first"] - within) & (found["at"] <= found["last"])]


def _contacts_within(mine: pd.DataFrame, within: int) -> np.ndarray:
    """How many contacts the group has in (at - within, at], at each row; rows by group and time, `at` in microseconds.

    An event counts from its place until the next one of its contact, or until the first one that is `within` later.
    """
    size = len(mine)
    place = pd.Series(np.arange(size), index=mine.index)
    group = mine.groupby("group", sort=False)["at"]
    end = place.groupby(mine["group"], sort=False).transform("max") + 1
    again = place.groupby([mine["group"], mine["contact_id"]], sort=False).shift(-1)
    ordered = pd.DataFrame({"at": mine["at"], "group": group.ngroup(), "place": place}).sort_values("at", kind="stable")
    wanted = ordered[["group"]].assign(at=ordered["at"] + within, mine=ordered["place"])
    # the first in order of place among those of one moment: the last match of a backward search would be another
    firsts = ordered.drop_duplicates(["group", "at"])
    later = pd.merge_asof(wanted, firsts, on="at", by="group", direction="forward").set_index("mine")["place"]
    stop = pd.concat([end, again, later.reindex(place)], axis=1).min(axis=1).astype(np.int64).to_numpy()
    steps = np.ones(size + 1, np.int64)
    np.subtract.at(steps, stop, 1)
    steps[size] = 0
    return np.cumsum(steps)[:size]


def _shared(share: Share, keys: pd.DataFrame, rows: pd.DataFrame, contacts: pd.Series) -> pd.DataFrame:
    mine = rows.merge(keys, on=["account_id", "window_end"])
    touched = mine.groupby("key")["contact_id"].nunique()
    # those that the window's own events deleted were there, too
    gone = mine[mine["action"] == "delete"].groupby("key")["contact_id"].nunique().reindex(touched.index, fill_value=0)
    account = mine.drop_duplicates("key").set_index("key")["account_id"].reindex(touched.index)
    there = account.map(contacts).fillna(0) + gone
    amount = (touched / there.clip(lower=touched)).where(touched >= share.at_least, 0.0)
    amount = amount[amount > share.more_than]
    return mine.assign(amount=mine["key"].map(amount)).dropna(subset=["amount"])


def _keys(watch: Watch, keys: pd.DataFrame) -> pd.Series:
    """A key as text: an event's id, or a digest, which says nothing of whom it is about."""
    if watch.of is None:
        return keys["event_id"]
    within = str(watch.of.within // _MICROSECOND) if isinstance(watch.of, Count) else ""
    parts = [keys[name].astype(str).tolist() for name in _BY[watch.kind]]
    texts = ["\x1f".join((watch.kind, within, *one)) for one in zip(*parts, strict=True)]
    return pd.Series([sha256(text.encode()).hexdigest() for text in texts], index=keys.index, dtype=object)
