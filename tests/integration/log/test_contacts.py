"""audit.contacts and the conservation law, asked of the databases themselves: what the log says is what the source shows."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from contact_audit.demo import fill
from contact_audit.sql import statement
from contact_audit.windows import HISTORY_START
from tests.support.compact import moment, world_of
from tests.support.oracle import canonical, known_rows
from tests.support.oracle_journal import moment as moment_of
from tests.support.oracle_journal import same
from tests.support.runs import backfill, new_pipeline, query, stored, sync
from tests.support.worlds import random_world, write_world

QUIET = {"progress": lambda _: None}


def shown(dsn: str) -> dict[int, Any]:
    """What audit.contacts says of the contacts that are there."""
    rows = query(dsn, "select * from audit.contacts where not deleted")
    return {int(row["contact_id"]): values(row) for row in rows}


def values(row: dict[str, Any]) -> dict[str, Any]:
    fields = {name: row[name] for name in ("name", "email", "primary_phone")}
    return fields | {
        f"custom_fields.{key}": canonical(value) for key, value in row["custom_fields"].items() if value is not None
    }


def captured(world: dict[str, Any], until: Any) -> dict[int, Any]:
    """What the newest capture until a moment shows, from the world's rows one by one."""
    captures = sorted(world["snapshots"], key=lambda capture: moment_of(capture["captured_at"]))
    captures = [capture for capture in captures if moment_of(capture["captured_at"]) <= until]
    rows: dict[int, dict[int, dict[str, Any]]] = {}
    for row in world["contact_snapshots"]:
        rows.setdefault(row["contact_id"], {})[row["snapshot_id"]] = row
    now = {contact: known_rows(captures, some)[-1] for contact, some in rows.items()} if captures else {}
    return {contact: values(row) for contact, row in now.items() if row is not None}


def check(one: dict[int, Any], other: dict[int, Any]) -> None:
    assert one.keys() == other.keys()
    for contact in one:
        # By value: 1 is 1.0, true is not 1.
        assert same(
            {k: v for k, v in one[contact].items() if v is not None},
            {k: v for k, v in other[contact].items() if v is not None},
        )


@pytest.mark.parametrize("seed", [21, 22])
def test_contacts_are_as_the_newest_loaded_capture_shows_them_after_every_run(
    seed: int, helpdesk_dsn: str, audit_dsn: str
) -> None:
    world = random_world(seed, contacts=12, captures=9, hardness=0.6)
    write_world(helpdesk_dsn, world)
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0)
    last = max(moment_of(row["captured_at"]) for row in world["snapshots"])
    end = HISTORY_START
    while end < last:
        end += timedelta(hours=3)
        sync(pipeline, end, only_own=True)
        check(shown(audit_dsn), captured(world, end))


@pytest.mark.parametrize("steps", [(36,), (6, 36), (6, 18, 36), (36, 6)])
def test_contacts_are_the_same_by_first_fill_and_by_increments(
    steps: tuple[int, ...], helpdesk_dsn: str, audit_dsn: str
) -> None:
    world = random_world(30, contacts=15, captures=10, hardness=0.5)
    write_world(helpdesk_dsn, world)
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0)
    for hours in steps:  # each only its newest windows: what lies between is brought forward without them
        end = HISTORY_START + timedelta(hours=hours)
        backfill(pipeline, from_=(end - timedelta(hours=3)).isoformat(), to=end.isoformat())
    check(shown(audit_dsn), captured(world, HISTORY_START + timedelta(hours=max(steps))))


def test_a_deleted_contact_keeps_its_last_values_and_a_restored_one_gets_its_new_ones(
    helpdesk_dsn: str, audit_dsn: str
) -> None:
    text = """
        00:00 capture#1 plan=a name=Ann
        03:00 changed#2 plan=b name=Ann
        06:00 changed#3 -
        09:00 capture#4 -
        12:00 changed#5 plan=c
    """
    write_world(helpdesk_dsn, world_of(text))
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn)
    seen = []
    for clock in ("00:00", "03:00", "06:00", "09:00", "12:00"):
        sync(pipeline, moment(clock), only_own=True)
        (row,) = query(audit_dsn, "select deleted, name, custom_fields from audit.contacts")
        seen.append((row["deleted"], row["name"], row["custom_fields"].get("plan")))
    assert seen == [
        (False, "Ann", "a"),
        (False, "Ann", "b"),
        (True, "Ann", "b"),
        (True, "Ann", "b"),
        (False, None, "c"),
    ]


def test_no_capture_in_the_newest_chunk_still_fills_the_contacts(helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(helpdesk_dsn, world_of("00:30 capture#1 plan=a\n 03:00 changed#2 plan=b"))
    span = {"from_": moment("00:00").isoformat(), "to": moment("72:00").isoformat()}
    backfill(new_pipeline(helpdesk_dsn, audit_dsn), chunk="day", **span)
    assert shown(audit_dsn)[1]["custom_fields.plan"] == "b"


def test_labels_are_kept_as_they_were_at_their_time(helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(helpdesk_dsn, world_of("00:00 capture#1 plan=a\n 03:00 changed#2 plan=b"))
    query(helpdesk_dsn, "insert into helpdesk.custom_fields values (1, 'plan', 'Plan', 'text')")
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn)
    sync(pipeline, moment("03:00"))
    write_world(helpdesk_dsn, world_of("06:00 changed#3 plan=c"))
    query(helpdesk_dsn, "update helpdesk.custom_fields set label = 'Tariff'")
    sync(pipeline, moment("06:00"))
    rows = query(audit_dsn, "select old_value, label from audit.contact_field_changes order by occurred_at")
    assert [(row["old_value"], row["label"]) for row in rows] == [("a", "Plan"), ("b", "Tariff")]
    since = query(
        audit_dsn, "select label, since = '-infinity' as always, since > now() as no from audit.field_labels order by 1"
    )
    assert [(row["label"], row["always"]) for row in since] == [("Plan", True), ("Tariff", False)]


def test_a_contact_is_found_by_the_start_of_its_name_or_address_in_an_index(audit_dsn: str) -> None:
    query(
        audit_dsn,
        "insert into audit.contacts (contact_id, account_id, name, email, deleted, snapshot_id) "
        "select n::text, '1', 'Name ' || n || repeat('x', 3000), n || '@x.example', false, 1 from generate_series(1, 5000) as n",
    )
    query(audit_dsn, "analyze audit.contacts")
    for start, found in (("nAME 4711x", "4711"), ("4712@X", "4712")):
        values = {"text": "", "start": start + "%", "most": 10}
        assert [row["contact_id"] for row in query(audit_dsn, statement("audit/read/find"), values)] == [found]
        plan = query(audit_dsn, "explain " + statement("audit/read/find"), values)
        assert not [row["QUERY PLAN"] for row in plan if "Seq Scan" in row["QUERY PLAN"]]


# ---- the demo ------------------------------------------------------------------------------------------------------

REPLAY = """
with
changed as (
    select e.contact_id, c.value ->> 'field' as field, c.value -> 'old' as old, c.value -> 'new' as new,
        row_number() over (partition by e.contact_id, c.value ->> 'field' order by e.window_end, e.sequence) as first,
        row_number() over (partition by e.contact_id, c.value ->> 'field' order by e.window_end desc, e.sequence desc) as last,
        lag(c.value -> 'new') over (partition by e.contact_id, c.value ->> 'field' order by e.window_end, e.sequence) as before
    from audit.contact_audit_log as e
    cross join lateral jsonb_array_elements(e.changes) as c (value)
    where e.snapshot_id is not null
)
select contact_id, field, old, new, before, first, last from changed where first = 1 or last = 1 or before is distinct from old
"""


def test_for_every_contact_of_the_demo_baseline_and_events_give_the_last_state(
    helpdesk_dsn: str, audit_dsn: str
) -> None:
    until = HISTORY_START + timedelta(days=60)
    fill(helpdesk_dsn, until, contacts=120, **QUIET)
    backfill(new_pipeline(helpdesk_dsn, audit_dsn), chunk="month", to=until.isoformat())
    first, last = _state(helpdesk_dsn, "asc"), _state(helpdesk_dsn, "desc")
    replay = query(audit_dsn, REPLAY)
    told = Counter()
    for row in replay:
        contact, field = int(row["contact_id"]), row["field"]
        if row["first"] == 1:
            assert same(canonical(row["old"]), first.get(contact, {}).get(field)), row
        else:
            assert same(canonical(row["old"]), canonical(row["before"])), row
        if row["last"] == 1:
            told[contact, field] += 1
            assert same(canonical(row["new"]), last.get(contact, {}).get(field)), row
    assert len(told) > 100
    # What no event tells did not change.
    for contact in first.keys() | last.keys():
        for field in first.get(contact, {}).keys() | last.get(contact, {}).keys():
            if (contact, field) not in told:
                assert same(first.get(contact, {}).get(field), last.get(contact, {}).get(field))
    assert set(shown(audit_dsn)) == set(last)


def test_every_journal_entry_of_the_demo_is_accounted_for_exactly(helpdesk_dsn: str, audit_dsn: str) -> None:
    until = HISTORY_START + timedelta(days=30)
    fill(helpdesk_dsn, until, contacts=120, **QUIET)
    backfill(new_pipeline(helpdesk_dsn, audit_dsn), to=until.isoformat())
    events = stored(audit_dsn, ["contact_audit_log"])["contact_audit_log"]
    told = Counter(event["journal_entry_id"] for event in events if event["journal_entry_id"] is not None)
    candidates = {one for event in events for one in event["candidates"] or []}
    without = Counter(row["entry_id"] for row in stored(audit_dsn, ["entries_without_event"])["entries_without_event"])
    assert max((told + without).values()) == 1
    assert not candidates & without.keys()
    entries = {row["entry_id"] for row in query(helpdesk_dsn, "select entry_id from helpdesk.contact_journal")}
    newest = query(helpdesk_dsn, "select max(captured_at) as at from helpdesk.snapshots")[0]["at"]
    text = "select entry_id from helpdesk.contact_journal where occurred_at > %s"
    after = {row["entry_id"] for row in query(helpdesk_dsn, text, (newest,))}
    accounted = told.keys() | candidates | without.keys()
    waiting = query(audit_dsn, "select waiting_entries from audit.sync_status")[0]["waiting_entries"]
    assert accounted <= entries
    assert len(entries - accounted) == waiting
    assert entries - accounted >= after - accounted


def _state(dsn: str, order: str) -> dict[int, dict[str, Any]]:
    """The fields of every contact in the first capture (asc), or as the captures last mention it (desc); by the demo's captures,
    of which only the first is full."""
    only = "where c.snapshot_id = (select min(snapshot_id) from helpdesk.snapshots)" if order == "asc" else ""
    text = f"select distinct on (contact_id) c.* from helpdesk.contact_snapshots as c {only} order by contact_id, snapshot_id {order}"
    states = {row["contact_id"]: values(row) for row in query(dsn, text) if not row["deleted"]}
    return {
        contact: {name: value for name, value in state.items() if value is not None}
        for contact, state in states.items()
    }
