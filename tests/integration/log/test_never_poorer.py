"""Never poorer, the brake, one source: what a forgetful or damaged helpdesk cannot do to the log."""

import random
import threading
import time
from contextlib import closing
from datetime import timedelta
from typing import Any

import psycopg2
import pytest

from contact_audit.errors import AuditDatabaseError, CaptureBrakeError
from contact_audit.runs.pipeline import Pipeline
from tests.support.compact import expected, logged, moment, world_of
from tests.support.runs import backfill, loaded_windows, new_pipeline, query, stored, sync
from tests.support.worlds import random_world, write_world

WHOLE = {"from_": moment("00:00").isoformat(), "to": moment("12:00").isoformat()}


@pytest.fixture
def pipeline(helpdesk_dsn: str, audit_dsn: str) -> Pipeline:
    return new_pipeline(helpdesk_dsn, audit_dsn)


# ---- what the source forgets ---------------------------------------------------------------------------------------

STORY = """
    00:00 capture#1 plan=a
    01:00 update #1 ann plan:a>b
    02:00 update #2 bo
    03:00 capture#2 plan=b
    06:00 capture#3 plan=b
    07:00 update #3 ada plan
    07:30 update #4 bo plan
    09:00 capture#4 plan=c
    10:00 update #5 ann plan:c>d
    12:00 capture#5 plan=d
"""


def test_a_purged_journal_changes_no_row_and_is_reported_with_counts(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    write_world(helpdesk_dsn, world_of(STORY))
    backfill(pipeline, **WHOLE)
    before, run_ids = (
        stored(audit_dsn),
        query(audit_dsn, "select event_id, run_id, loaded_at from audit.contact_audit_log"),
    )
    query(helpdesk_dsn, "delete from helpdesk.contact_journal where entry_id in (1, 2, 4)")
    report = backfill(pipeline, "again", force=True, **WHOLE)
    assert report.evidence_lost == {
        moment("03:00").isoformat(): {"captures": 0, "entries": 2},
        moment("09:00").isoformat(): {"captures": 0, "entries": 1},
    }
    assert stored(audit_dsn) == before
    assert query(audit_dsn, "select event_id, run_id, loaded_at from audit.contact_audit_log") == run_ids
    assert query(audit_dsn, "select * from audit.superseded_events") == []


def test_accept_lost_evidence_replaces_and_keeps_what_was_replaced(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    write_world(helpdesk_dsn, world_of(STORY))
    backfill(pipeline, **WHOLE)
    query(helpdesk_dsn, "delete from helpdesk.contact_journal where entry_id in (1, 2, 4)")
    report = backfill(pipeline, "again", force=True, accept_lost_evidence=True, **WHOLE)
    assert len(report.evidence_lost) == 2
    assert report.superseded == 2
    assert logged(audit_dsn) == expected(
        """
        03:00/1 [1-2] update 00:00..03:00 ? unattributed -: plan a>b
        09:00/1 [3-4] update 07:00 ada matched #3: plan b>c
        12:00/1 [4-5] update 10:00 ann recorded #5: plan c>d
        """
    )
    old = query(audit_dsn, "select journal_entry_id, candidates from audit.superseded_events order by window_end")
    assert [(row["journal_entry_id"], row["candidates"]) for row in old] == [(1, None), (None, [3, 4])]


def test_a_purged_capture_changes_no_row_and_moves_no_entry_to_another_window(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    write_world(
        helpdesk_dsn,
        world_of(
            """
            00:00 capture#1 plan=a
            01:00 update #1 ann plan:a>b
            02:00 update #2 bo name
            03:00 capture#2 plan=b
            06:00 capture#3 plan=b
            09:00 capture#4 plan=b
            """
        ),
    )
    backfill(pipeline, **WHOLE)
    before = stored(audit_dsn)
    _purge_captures(helpdesk_dsn, [2])
    report = backfill(pipeline, "again", force=True, **WHOLE)
    assert stored(audit_dsn) == before
    assert report.evidence_lost[moment("03:00").isoformat()]["captures"] > 0
    assert backfill(pipeline, "as sync", **WHOLE).windows == 0


def test_a_window_that_held_only_an_entry_without_effect_keeps_it_when_its_capture_is_purged(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    write_world(
        helpdesk_dsn,
        world_of(
            """
            00:00 capture#1 plan=a
            01:00 update #1 ann name
            03:00 capture#2 plan=a
            04:00 update #2 bo plan:a>b
            06:00 capture#3 plan=b
            """
        ),
    )
    backfill(pipeline, **WHOLE)
    before = stored(audit_dsn)
    _purge_captures(helpdesk_dsn, [2])
    backfill(pipeline, "again", force=True, **WHOLE)
    assert stored(audit_dsn) == before


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_purged_a_forced_backfill_changes_no_row(seed: int, helpdesk_dsn: str, audit_dsn: str) -> None:
    rng = random.Random(seed)
    world = random_world(seed + 40, contacts=10, captures=10, hardness=0.8)
    write_world(helpdesk_dsn, world)
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0)
    span = {"from_": "2019-10-01T00:00:00Z", "to": "2019-10-05T00:00:00Z"}
    backfill(pipeline, **span)
    before = stored(audit_dsn)
    entries = [row["entry_id"] for row in world["contact_journal"]]
    captures = [row["snapshot_id"] for row in world["snapshots"]]
    query(helpdesk_dsn, "delete from helpdesk.contact_journal where entry_id = any(%s)", (rng.sample(entries, 6),))
    _purge_captures(helpdesk_dsn, rng.sample(captures, 2) if seed % 2 else captures[: 2 + seed])
    backfill(pipeline, "again", force=True, **span)
    after = stored(audit_dsn)
    for table in ("contact_audit_log", "entries_without_event"):
        assert after[table] == before[table]


# ---- the brake -----------------------------------------------------------------------------------------------------


def _crowd(helpdesk_dsn: str, captures: dict[int, int], kinds: dict[int, str] | None = None) -> None:
    """Captures three hours apart, each of the first so many of 20 contacts; who is there is called as the capture's id says."""
    world: dict[str, Any] = {"snapshots": [], "contact_snapshots": []}
    for number, size in captures.items():
        at = moment("00:00") + timedelta(hours=3 * (number - 1))
        kind = (kinds or {}).get(number, "full")
        world["snapshots"].append({"snapshot_id": number, "captured_at": at.isoformat(), "kind": kind})
        row = {"account_id": 1, "email": None, "primary_phone": None, "custom_fields": {}, "created_at": None}
        world["contact_snapshots"] += [
            {**row, "snapshot_id": number, "contact_id": contact, "name": f"c{number}", "deleted": False}
            for contact in range(1, size + 1)
        ]
    write_world(helpdesk_dsn, world)


def _decide(audit_dsn: str, snapshot_id: int, decision: str) -> None:
    values = (snapshot_id, decision, "Dana", "looked at it")
    columns = "snapshot_id, decision, decided_by, reason"
    query(audit_dsn, f"insert into audit.capture_decisions ({columns}) values (%s, %s, %s, %s)", values)


def _present(audit_dsn: str) -> set[tuple[str, str]]:
    rows = query(audit_dsn, "select contact_id, name from audit.contacts where not deleted")
    return {(row["contact_id"], row["name"]) for row in rows}


def _everyone(name: str, count: int = 20) -> set[tuple[str, str]]:
    return {(str(number), name) for number in range(1, count + 1)}


def _tables(dsn: str) -> dict[str, list[dict[str, Any]]]:
    names = query(
        dsn,
        "select table_name from information_schema.tables where table_schema = 'audit' and table_type = 'BASE TABLE'",
    )
    texts = "select t::text as row from audit.{} as t order by 1"
    return {row["table_name"]: query(dsn, texts.format(row["table_name"])) for row in names}


@pytest.mark.parametrize("before", ["full", "changed"])
def test_a_capture_cut_to_half_stops_the_run_and_loads_nothing(
    before: str, pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    _crowd(helpdesk_dsn, {1: 20, 2: 20, 3: 10}, {2: before})
    sync(pipeline, moment("03:00") - timedelta(hours=3))
    standing = _tables(audit_dsn)
    message = (
        r"full capture 3 of 2024-03-01 06:00:00 UTC lacks 10 of 20 contacts .*more than 20%.*"
        r"insert into audit.capture_decisions .*'accept' or 'ignore'.*contact_audit_backfill"
    )
    with pytest.raises(CaptureBrakeError, match=message):
        sync(pipeline, moment("06:00"))
    assert _tables(audit_dsn) == standing
    with pytest.raises(CaptureBrakeError, match=message):
        backfill(pipeline, **WHOLE)
    assert _tables(audit_dsn)["contact_audit_log"] == standing["contact_audit_log"]


def test_the_brake_lets_a_fifth_go(pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str) -> None:
    _crowd(helpdesk_dsn, {1: 20, 2: 16})
    backfill(pipeline, **WHOLE)
    assert _present(audit_dsn) == _everyone("c2", 16)
    assert query(audit_dsn, "select count(*) as n from audit.contact_audit_log where action = 'delete'")[0]["n"] == 4


@pytest.mark.parametrize("how", ["a row", "the backfill's parameter"])
@pytest.mark.parametrize("decision", ["accept", "ignore"])
def test_a_decision_is_obeyed_by_sync_and_backfill(
    how: str,
    decision: str,
    pipeline: Pipeline,
    helpdesk_dsn: str,
    new_database: Any,
    audit_dsn: str,
    _audit_template: str,
) -> None:
    _crowd(helpdesk_dsn, {1: 20, 2: 10, 3: 20})
    other = new_database(_audit_template)
    by_sync, by_backfill = pipeline, new_pipeline(helpdesk_dsn, other)
    if how == "a row":
        _decide(audit_dsn, 2, decision)
        _decide(other, 2, decision)
        backfill(by_backfill, **WHOLE)
    else:
        decisions = {"decisions": {"2": f"{decision}: looked at it"}}
        backfill(by_backfill, **WHOLE, **decisions)
        backfill(
            by_sync, from_=moment("00:00").isoformat(), to=moment("00:00").replace(hour=3).isoformat(), **decisions
        )
        rows = query(other, "select snapshot_id, decision, decided_by, reason from audit.capture_decisions")
        assert [tuple(row.values()) for row in rows] == [(2, decision, "a test", "looked at it")]
    for clock in ("03:00", "06:00"):
        sync(by_sync, moment(clock))
    inside = stored(other)["contact_audit_log"]
    assert stored(audit_dsn)["contact_audit_log"] == inside
    deletes = [row for row in inside if row["action"] == "delete"]
    assert len(deletes) == (10 if decision == "accept" else 0)
    assert _present(audit_dsn) == _present(other) == _everyone("c3")


def test_a_decision_to_ignore_a_loaded_capture_takes_its_events_back_and_its_contacts(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    _crowd(helpdesk_dsn, {1: 20, 2: 17, 3: 0}, {3: "changed"})
    for clock in ("03:00", "06:00"):
        sync(pipeline, moment(clock))
    assert _present(audit_dsn) == _everyone("c2", 17)
    _decide(audit_dsn, 2, "ignore")
    sync(pipeline, moment("09:00"))
    assert query(audit_dsn, "select * from audit.contact_audit_log") == []
    assert query(audit_dsn, "select count(*) as n from audit.superseded_events")[0]["n"] == 20
    assert _present(audit_dsn) == _everyone("c1")


def test_a_dry_run_obeys_the_decision_that_it_was_given_and_does_not_write_it(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    _crowd(helpdesk_dsn, {1: 20, 2: 10})
    report = backfill(pipeline, dry_run=True, decisions={"2": "accept: looked at it"}, **WHOLE)
    assert report.by_action == {"delete": 10, "update": 10}
    assert query(audit_dsn, "select * from audit.capture_decisions") == []


# ---- one source ----------------------------------------------------------------------------------------------------


def test_another_adapter_is_refused_with_what_to_do(pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(helpdesk_dsn, world_of(STORY))
    query(audit_dsn, "insert into audit.source (adapter) values ('zendesk')")
    message = "filled by the adapter 'zendesk'; 'helpdesk' would mix its ids.*Set CONTACT_AUDIT_SOURCE"
    with pytest.raises(AuditDatabaseError, match=message):
        sync(pipeline, moment("03:00"))
    with pytest.raises(AuditDatabaseError, match=message):
        backfill(pipeline, **WHOLE)
    assert loaded_windows(audit_dsn) == []


def test_two_first_runs_register_one_adapter(pipeline: Pipeline, audit_dsn: str) -> None:
    run = threading.Thread(target=pipeline.check)
    with closing(psycopg2.connect(audit_dsn)) as other, other.cursor() as cursor:
        cursor.execute("insert into audit.source (adapter) values ('helpdesk')")
        run.start()  # waits for the other run, which has not committed
        while run.is_alive() and not query(audit_dsn, "select 1 from pg_locks where not granted"):
            time.sleep(0.01)
        other.commit()
        run.join()
    assert query(audit_dsn, "select adapter from audit.source") == [{"adapter": "helpdesk"}]


def _purge_captures(dsn: str, ids: list[int]) -> None:
    query(dsn, "delete from helpdesk.contact_snapshots where snapshot_id = any(%s)", (ids,))
    query(dsn, "delete from helpdesk.snapshots where snapshot_id = any(%s)", (ids,))
