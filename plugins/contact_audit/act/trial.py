"""A watch file tried against the past year: what it would have said, had the year been loaded under it. Writes nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from contact_audit.act.alerts import Ask, asking, events_of, find
from contact_audit.act.messages import body
from contact_audit.act.watch_rules import Watch, Watches
from contact_audit.act.watches import Events, affected, matching
from contact_audit.database import audit_connection

_TOLD = (
    *("row", "account_id", "contact_id", "action", "author_type", "author_id", "author_name"),
    *("ip_address", "channel"),
)
_YEAR, _PART = timedelta(days=365), timedelta(days=31)


def trial(dsn: str, watches: Watches, now: datetime) -> Iterator[str]:
    """Lines: for each watch how many alerts, and its first ones as a message would list them.

    The log as it stands is what counts, so that what was taken back since is not among them. A month is read at a time. Raises
    AuditDatabaseError or ConnectionLostError.
    """
    since = max(now - _YEAR, watches.since or now - _YEAR)
    told: dict[str, list[pd.DataFrame]] = {watch.name: [] for watch in watches.all}
    with audit_connection(dsn, snapshot=True) as connection:
        ask = asking(connection)
        start = since
        while start < now:
            for name, rows in _month(ask, replace(watches, since=since), start, min(start + _PART, now)).items():
                told[name].append(rows)
            start += _PART
    yield f"{since:%Y-%m-%d} to {now:%Y-%m-%d}:"
    for watch in watches.all:
        rows = pd.concat(told[watch.name]).drop_duplicates("key").sort_values(["first_at", "key"])
        yield f"{watch.name}: {len(rows):,} alert{'' if len(rows) == 1 else 's'}"
        yield from (f"  {line}" for line in body(watch.says, _records(rows), "").splitlines())


def _month(ask: Ask, watches: Watches, since: datetime, until: datetime) -> dict[str, pd.DataFrame]:
    touched = events_of(ask("year", since=since, until=until))
    keys = {watch.name: affected(watch, touched, matching(watch, touched, watches.since)) for watch in watches.all}
    found = find(ask, watches, touched, 0, keys)
    return {watch.name: _rows(watch, found[watch.name], touched) for watch in watches.all}


def _rows(watch: Watch, found: pd.DataFrame, touched: Events) -> pd.DataFrame:
    """Hits as telling.sql gives alerts."""
    rows = found.groupby("key", as_index=False).agg(
        amount=("amount", "first"),
        event_id=("event_id", "first"),
        first_at=("occurred_at", "min"),
        last_at=("occurred_at", "max"),
        contacts=("contact_id", "nunique"),
        authors=("author_id", lambda ids: ids.nunique(dropna=False)),
    )
    about = touched.rows.drop_duplicates("event_id")
    about = about[["event_id", *_TOLD]]
    rows = rows.merge(about, on="event_id", how="left")
    named = touched.changes.groupby("row")["field"].agg(list)
    name = rows["author_name"].fillna(rows["author_id"]).fillna(rows["author_type"])
    return rows.assign(
        kind=watch.kind,
        rule=watch.rule,
        author=name,
        author_type=rows["author_type"].where(rows["authors"] == 1, None),
        fields=rows["row"].map(named),
        retracted_at=None,
    )


def _records(rows: pd.DataFrame) -> list[dict[Any, Any]]:
    records = rows.to_dict("records")
    empty = {"author_type", "ip_address", "channel", "retracted_at"}
    return [
        {
            name: None
            if name in empty and pd.isna(value)
            else []
            if name == "fields" and not isinstance(value, list)
            else value
            for name, value in record.items()
        }
        for record in records
    ]
