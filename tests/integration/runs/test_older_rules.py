"""A database that version 1 of the rules loaded: readable and true as it is, renewed window by window or by a forced backfill."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from contact_audit.runs.pipeline import Pipeline
from tests.support.compact import expected, logged, moment, world_of
from tests.support.oracle import derive
from tests.support.oracle_journal import ACCOUNT
from tests.support.runs import backfill, new_pipeline, query, sync
from tests.support.worlds import random_world, write_world

NIGHT = """
    00:00 capture#1 -
    03:00 capture#2 -
    05:58 create #1 ann email:>x
    05:59 update #2 bo email:x>y
    05:59:30 delete #3 ada
    06:00 capture#3 -
    09:00 capture#4 -
    12:00 capture#5 -
"""
"""Version 1 put all three entries after the capture of 06:00, version 2 leaves them where their clocks say."""

SPAN = {"from_": moment("00:00").isoformat(), "to": moment("12:00").isoformat()}
EVENT = (
    *("account_id", "contact_id", "action", "author_type", "author_id", "author_name", "ip_address", "channel"),
    *("occurred_at", "occurred_after", "sequence", "changes", "attribution", "journal_entry_id", "candidates"),
    *("previous_snapshot_id", "snapshot_id", "window_end"),
)


@pytest.fixture
def pipeline(helpdesk_dsn: str, audit_dsn: str) -> Pipeline:
    return new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0)


def loaded_by_version_1(pipeline: Pipeline, world: dict[str, Any], dsn: str, **span: str) -> None:
    """Load the world, then put the rows and the version there that version 1 wrote."""
    backfill(pipeline, **span)
    ours = query(dsn, "select *, host(ip_address) as ip_address from audit.contact_audit_log")
    ids = {_text(row): row["event_id"] for row in ours}
    events, without = derive(world, version=1)
    entries = {row["entry_id"]: row for row in world["contact_journal"]}
    query(dsn, "delete from audit.contact_audit_log")
    query(dsn, "delete from audit.entries_without_event")
    for event in events:
        row = {name: _plain(event[name]) for name in EVENT}
        row |= {"event_id": ids.get(_text(event)) or str(uuid5(NAMESPACE_URL, _text(event)))}
        row |= {"window_start": _start(event["window_end"]), "rules_version": 1, "run_id": "version 1"}
        _insert(dsn, "contact_audit_log", row)
    moments = sorted(datetime.fromisoformat(row["captured_at"]) for row in world["snapshots"])
    windows = {row["entry_id"]: row["window_end"] for row in _told(derive(world, version=1)[0])}
    for one in without:
        entry = entries[one["entry_id"]]
        at = datetime.fromisoformat(entry["occurred_at"])
        end = windows.get(one["entry_id"]) or _closing(at, moments)
        names = ("entry_id", "account_id", "contact_id", "occurred_at", "action", "author_id", "author_name", "channel")
        row = {name: entry[name] for name in names} | {"author_type": entry["author_type"] or "unknown"}
        row |= {"ip_address": entry["ip_address"], "reason": one["reason"], "run_id": "version 1"}
        _insert(dsn, "entries_without_event", row | {"window_end": end, "window_start": _start(end)})
    query(
        dsn,
        "alter table audit.ledger disable trigger user; update audit.ledger set rules_version = 1; "
        "alter table audit.ledger enable trigger user",
    )


def _told(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"entry_id": entry, "window_end": event["window_end"]}
        for event in events
        for entry in [event["journal_entry_id"], *(event["candidates"] or [])]
        if entry is not None
    ]


def _closing(at: datetime, moments: list[datetime]) -> str:
    """The window of the capture that closes an entry's pair, by its clock; before the first capture, its own."""
    closing = next((one for one in moments if one >= at), moments[-1]) if at > moments[0] else at
    start = closing.replace(hour=closing.hour // 3 * 3, minute=0, second=0, microsecond=0)
    return (start if start == closing else start + timedelta(hours=3)).isoformat()


def _start(end: str) -> str:
    return (datetime.fromisoformat(end) - timedelta(hours=3)).isoformat()


def _plain(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list) else value


def _text(event: dict[str, Any]) -> str:
    moments = ("window_end", "occurred_at", "occurred_after")
    plain = {
        name: event[name].isoformat() if name in moments and isinstance(event[name], datetime) else event[name]
        for name in EVENT
    }
    return json.dumps(plain, sort_keys=True)


def _insert(dsn: str, table: str, row: dict[str, Any]) -> None:
    names = ", ".join(row)
    query(dsn, f"insert into audit.{table} ({names}) values ({', '.join(['%s'] * len(row))})", list(row.values()))


def versions(dsn: str) -> dict[str, int]:
    """The rules by which each window was last loaded."""
    rows = query(
        dsn,
        "select distinct on (window_end) window_end, rules_version from audit.ledger order by window_end, sequence desc",
    )
    return {row["window_end"].strftime("%H:%M"): row["rules_version"] for row in rows}


def windows_of_entries(dsn: str) -> dict[int, set[datetime]]:
    rows = query(
        dsn,
        "select journal_entry_id as entry_id, window_end from audit.contact_audit_log where journal_entry_id is not null "
        "union select c::bigint, window_end from audit.contact_audit_log, jsonb_array_elements_text(candidates) as c "
        "union select entry_id, window_end from audit.entries_without_event",
    )
    found: dict[int, set[datetime]] = {}
    for row in rows:
        found.setdefault(row["entry_id"], set()).add(row["window_end"])
    return found


OLD = expected(
    """
    09:00/1 [3-4] create 05:58 ann recorded #1: email null>x
    09:00/2 [3-4] update 05:59 bo recorded #2: email x>y
    09:00/3 [3-4] delete 05:59:30 ada matched #3: email y>null
    """
)
NEW = [line.replace("09:00/", "06:00/").replace("[3-4]", "[2-3]") for line in OLD]


@pytest.mark.parametrize(
    ("late", "renewed"),
    [("04:00~20:00", {"06:00", "09:00"}), ("07:00~20:00", {"06:00", "09:00"}), ("10:00~20:00", {"12:00"})],
)
def test_a_window_healed_beside_windows_of_version_1_takes_those_along_whose_cut_moves(
    late: str, renewed: set[str], pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    world = world_of(NIGHT)
    write_world(helpdesk_dsn, world)
    loaded_by_version_1(pipeline, world, audit_dsn, **SPAN)
    assert logged(audit_dsn) == OLD
    write_world(helpdesk_dsn, world_of(f"{late} delete #9 cron"))
    sync(pipeline, moment("12:00"))
    told = [line for line in logged(audit_dsn) if not line.startswith("#9")]
    assert told == (OLD if renewed == {"12:00"} else NEW)
    assert {end for end, version in versions(audit_dsn).items() if version == 2} == renewed
    assert all(len(windows) == 1 for windows in windows_of_entries(audit_dsn).values())


def test_a_forced_backfill_renews_all_and_supersedes_only_what_differs(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    world = world_of(NIGHT + "    10:00 create #4 ann plan:>a\n    11:00 delete #5 ann plan:a>\n")
    write_world(helpdesk_dsn, world)
    loaded_by_version_1(pipeline, world, audit_dsn, **SPAN)
    report = backfill(pipeline, force=True, **SPAN)
    assert report.superseded == 3
    rows = query(audit_dsn, "select journal_entry_id, rules_version from audit.contact_audit_log order by 1")
    assert [(row["journal_entry_id"], row["rules_version"]) for row in rows] == [(1, 2), (2, 2), (3, 2), (4, 1), (5, 1)]
    assert set(versions(audit_dsn).values()) == {2}


def test_a_backfill_of_a_part_takes_along_what_lies_beside_it(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    world = world_of(NIGHT)
    write_world(helpdesk_dsn, world)
    loaded_by_version_1(pipeline, world, audit_dsn, **SPAN)
    backfill(pipeline, force=True, from_=moment("03:00").isoformat(), to=moment("06:00").isoformat())
    assert logged(audit_dsn) == NEW
    assert versions(audit_dsn) == {"03:00": 1, "06:00": 2, "09:00": 2, "12:00": 1}
    whole = query(audit_dsn, "select bool_and(whole) as whole from audit.ledger")
    assert whole[0]["whole"]


@pytest.mark.parametrize("seed", range(3))
def test_in_any_world_healing_one_window_of_version_1_tells_no_entry_twice_or_nowhere(
    seed: int, pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    world = unmoved(random_world(seed, contacts=12, captures=9, hardness=1.0))
    write_world(helpdesk_dsn, world)
    moments = sorted(datetime.fromisoformat(row["captured_at"]) for row in world["snapshots"])
    first, last = (
        one.replace(hour=one.hour // 3 * 3, minute=0, second=0, microsecond=0) for one in (moments[0], moments[-1])
    )
    span = {"from_": first.isoformat(), "to": (last + timedelta(hours=3)).isoformat()}
    loaded_by_version_1(pipeline, world, audit_dsn, **span)
    before = windows_of_entries(audit_dsn)
    middle = moments[len(moments) // 2] - timedelta(seconds=300)
    entry = world["contact_journal"][0] | {"entry_id": 9_999, "changes": [], "action": "update"}
    entry |= {"occurred_at": middle.isoformat(), "recorded_at": (last + timedelta(days=3)).isoformat()}
    write_world(helpdesk_dsn, {"contact_journal": [entry]})
    sync(pipeline, last + timedelta(hours=3))
    after = windows_of_entries(audit_dsn)
    assert after.pop(9_999)
    # What version 2 puts after the newest capture waits.
    assert before.keys() - after.keys() <= before.keys() - accounted_by_version_2(world)
    assert after.keys() <= before.keys()
    assert {entry: ends for entry, ends in after.items() if len(ends) > 1} == {}
    assert 2 in versions(audit_dsn).values()


def accounted_by_version_2(world: dict[str, Any]) -> set[int]:
    events, without = derive(world)
    return {row["entry_id"] for row in [*_told(events), *without]}


def unmoved(world: dict[str, Any]) -> dict[str, Any]:
    """The same world with one account only, as version 1 saw it."""
    rows = [row | {"account_id": 1} for row in world["contact_snapshots"]]
    journal = [
        row
        | {"account_id": 1}
        | {"changes": row["changes"] and [one for one in row["changes"] if one["field"] != ACCOUNT]}
        for row in world["contact_journal"]
    ]
    return world | {"contact_snapshots": rows, "contact_journal": journal}
