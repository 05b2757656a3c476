"""Alerts: what watches find in what each load adds, kept in audit.alerts, with how far they have looked in the same transaction.

Each position of audit.event_feed is looked at once, in order. A hit that is there already is no new alert, one that the log does not
bear out any more is taken back.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from psycopg2.extensions import connection as Connection

from contact_audit.act.watch_rules import First, Share, Watch, Watches
from contact_audit.act.watches import Events, affected, author, difference, hits, matching, spans
from contact_audit.database import audit_connection
from contact_audit.sql import statement

Ask = Callable[..., pd.DataFrame]
"""ask(name, **values): the rows of include/sql/audit/watch/<name>.sql, as objects."""

_MOMENTS = ("occurred_at", "occurred_after", "window_end")
_SUBJECTS = ("account_id", "contact_id", "author_type", "author_id")


@dataclass(frozen=True)
class Looked:
    """What came of looking: positions of the feed looked at, alerts raised, changed and taken back."""

    positions: int = 0
    raised: int = 0
    changed: int = 0
    retracted: int = 0

    def __add__(self, other: "Looked") -> "Looked":
        return Looked(
            self.positions + other.positions,
            self.raised + other.raised,
            self.changed + other.changed,
            self.retracted + other.retracted,
        )


def look(dsn: str, watches: Watches, run_id: str) -> Looked:
    """Look at all that the feed has and that was not looked at yet; the first time there is nothing: it begins at what is there.

    A transaction for each position, so that a stop loses nothing. Raises AuditDatabaseError or ConnectionLostError.
    """
    looked = Looked()
    while (step := _step(dsn, watches, run_id)) is not None:
        looked += step
    return looked


def stop(dsn: str) -> None:
    """There are no watches: forget how far they have looked."""
    with audit_connection(dsn) as connection:
        asking(connection)("stop")


def _step(dsn: str, watches: Watches, run_id: str) -> Looked | None:
    """Look at the next position; None where there is none."""
    with audit_connection(dsn) as connection:
        ask = asking(connection)
        (begun,) = ask("begin").to_dict("records")
        if begun["next_position"] is None:
            return None
        position = int(begun["next_position"])
        touched = events_of(ask("touched", position=position))
        done = Looked(positions=1)
        if len(touched.rows):
            done += _keep(ask, watches, touched, position, int(begun["since_position"]), run_id)
        ask("advance", position=position)
        return done


def _keep(ask: Ask, watches: Watches, touched: Events, position: int, since_position: int, run_id: str) -> Looked:
    keys = {watch.name: affected(watch, touched, matching(watch, touched, watches.since)) for watch in watches.all}
    wanted = sorted({key for one in keys.values() for key in one["key"]})
    standing = ask("alerts", watches=list(keys), keys=wanted)
    found = find(ask, watches, touched, since_position, keys, standing)
    why = _why(touched)
    done = Looked()
    for watch in watches.all:
        mine = standing[(standing["watch"] == watch.name) & standing["key"].isin(keys[watch.name]["key"])]
        made = found[watch.name]
        new, changed, gone = (differing := difference(mine, made)).new, differing.changed, differing.gone
        common = {"watch": watch.name}
        if gone:
            ask("retract", alert_ids=gone, why=why)
        told = made[made["key"].isin([*new, *changed["key"]])]
        if len(new):
            values = _summed(told[told["key"].isin(new)])
            ask("raise", **common, kind=watch.kind, rule=watch.rule, position=position, run_id=run_id, **values)
        if len(changed):
            ask("change", **common, **_summed(told[told["key"].isin(changed["key"])]))
        if len(told):
            ask("events", **common, **_lists(told[["key", "event_id", "occurred_at", "contact_id"]]))
        done += Looked(0, len(new), len(changed), len(gone))
    return done


def find(
    ask: Ask,
    watches: Watches,
    touched: Events,
    since_position: int,
    keys: dict[str, pd.DataFrame],
    alerts: pd.DataFrame | None = None,
) -> dict[str, pd.DataFrame]:
    """Watch → its hits among these keys, as the log stands; rows as watches.FOUND.

    `alerts`: those that stand, with watch and key; a first is looked for where it may begin or end.
    """
    standing = _standing(ask, watches, touched, keys)
    accounts = {one for watch in watches.all if isinstance(watch.of, Share) for one in keys[watch.name]["account_id"]}
    counted = (
        ask("accounts", accounts=sorted(accounts)) if accounts else pd.DataFrame(columns=["account_id", "contacts"])
    )
    contacts = counted.set_index("account_id")["contacts"].astype(float)
    found = {}
    for watch in watches.all:
        asked, pool = keys[watch.name], standing
        if isinstance(watch.of, First):
            known = [] if alerts is None else alerts.loc[alerts["watch"] == watch.name, "key"].tolist()
            pool = _firsts(ask, watch, watches.since, touched, asked, known, since_position)
        found[watch.name] = hits(watch, asked, pool, matching(watch, pool, watches.since), contacts)
    return found


def asking(connection: Connection) -> Ask:
    """An Ask within a transaction."""

    def ask(name: str, **values: Any) -> pd.DataFrame:
        with connection.cursor() as cursor:
            cursor.execute(statement(f"audit/watch/{name}"), values)
            if cursor.description is None:
                return pd.DataFrame()
            return pd.DataFrame(cursor.fetchall(), columns=[one.name for one in cursor.description], dtype=object)

    return ask


def events_of(rows: pd.DataFrame) -> Events:
    """Rows of touched.sql and its like as Events."""
    rows = rows.assign(row=range(len(rows)))
    for name in _MOMENTS:
        rows[name] = pd.to_datetime(rows[name], utc=True).astype("datetime64[us, UTC]")
    rows["author"] = author(rows)
    changes = rows[["row", "fields", "olds", "news"]].dropna(subset=["fields"])
    changes = changes.explode(["fields", "olds", "news"], ignore_index=True)
    changes = changes.rename(columns={"fields": "field", "olds": "old", "news": "new"})
    return Events(rows.drop(columns=["fields", "olds", "news"]), changes)


def _standing(ask: Ask, watches: Watches, touched: Events, keys: dict[str, pd.DataFrame]) -> Events:
    """The events that stand of those touched, and of all that counts and shares rest on."""
    times = [span for watch in watches.all for span in spans(watch, keys[watch.name])]
    shares = [keys[watch.name]["window_end"] for watch in watches.all if isinstance(watch.of, Share)]
    windows = pd.concat(shares).drop_duplicates() if shares else pd.Series([], dtype=object)
    plain = any(watch.of is None for watch in watches.all)
    ids = touched.rows[["event_id", "occurred_at"]].drop_duplicates()
    rows = ask(
        "standing",
        ids=ids["event_id"].tolist() if plain else [],
        moments=_moments(ids["occurred_at"]) if plain else [],
        starts=[start for start, _ in times],
        ends=[end for _, end in times],
        windows=_moments(windows),
    )
    return events_of(rows)


def _firsts(
    ask: Ask,
    watch: Watch,
    since: datetime | None,
    touched: Events,
    keys: pd.DataFrame,
    known: Sequence[str],
    since_position: int,
) -> Events:
    rows = touched.rows.dropna(subset=["author", "ip_address"])
    keyed = rows.merge(keys, on=["author", "ip_address"], how="left").set_axis(rows.index)
    matched = matching(watch, touched, since).reindex(rows.index)
    needed = matched | (rows["kind"] == "retraction") | keyed["key"].isin(known)
    pairs = rows.loc[needed, ["author_type", "author_id", "author_name", "ip_address"]]
    pairs = pairs.assign(author_name=pairs["author_name"].where(pairs["author_id"].isna(), None)).drop_duplicates()
    return events_of(
        ask(
            "firsts",
            types=pairs["author_type"].tolist(),
            ids=pairs["author_id"].tolist(),
            names=pairs["author_name"].tolist(),
            addresses=pairs["ip_address"].tolist(),
            since_position=since_position,
        )
    )


def _summed(told: pd.DataFrame) -> dict[str, list[Any]]:
    """Parameters of raise.sql and change.sql: a value for each key."""
    by = told.groupby("key", sort=True)
    summed = by.agg(
        first_at=("occurred_at", "min"),
        last_at=("occurred_at", "max"),
        events=("event_id", "nunique"),
        contacts=("contact_id", "nunique"),
        amount=("amount", "max"),
    )
    filled = told[["key", *_SUBJECTS]].fillna("")
    first, last = (filled.groupby("key")[[*_SUBJECTS]].agg(end) for end in ("min", "max"))
    several = first != last
    several["author_type"] = several["author_id"] = several["author_type"] | several["author_id"]
    subjects = first.where(~several & (first != ""), None)
    return _lists(summed.join(subjects).reset_index())


def _lists(frame: pd.DataFrame) -> dict[str, list[Any]]:
    """Columns as lists that the driver takes."""
    return {str(name): _moments(frame[name]) if str(name).endswith("_at") else _objects(frame[name]) for name in frame}


def _objects(column: pd.Series) -> list[Any]:
    return column.astype(object).where(column.notna(), None).tolist()


def _moments(column: pd.Series) -> list[datetime]:
    return [one.to_pydatetime() for one in column]


def _why(touched: Events) -> str:
    reasons = touched.rows["reason"].dropna().unique().tolist()
    return ", ".join(map(str, reasons)) or "what was loaded since says otherwise"
