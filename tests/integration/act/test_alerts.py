"""Alerts kept in the audit database: each hit once over simulated histories with late evidence, and what is taken back says so."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from contact_audit.act import alerts
from contact_audit.act.alerts import Looked, asking, events_of, find, look
from contact_audit.act.watch_file import parse_watches
from contact_audit.act.watches import affected, matching
from contact_audit.database import audit_connection
from contact_audit.windows import HISTORY_START
from tests.support.runs import backfill, new_pipeline, query, sync
from tests.support.worlds import random_world, write_world

WATCHES = parse_watches(
    """
watches:
  - {name: emails, when: {field: email}}
  - {name: emptied, when: {new: {empty: true}}, unless: {kind: unknown}}
  - {name: nobody, when: {attribution: [unattributed, unconfirmed, ambiguous]}}
  - {name: many, count: {more_than: 1, within: 6h}}
  - {name: address, count: {more_than: 1, within: 90m, by: ip_address}}
  - {name: share, share: {more_than: 30 %}}
  - {name: first, first: ip_address}
  - {name: first of agents, when: {kind: agent}, first: ip_address}
"""
)
NIGHT = 8
LAST = HISTORY_START + timedelta(hours=24)


def standing(dsn: str) -> dict[tuple[str, str], set[str]]:
    """Watch and key → the events behind each alert that stands."""
    rows = query(
        dsn,
        """
        select alert.watch, alert.key, array_agg(behind.event_id::text) as behind
        from audit.alerts as alert join audit.alert_events as behind using (alert_id)
        where alert.retracted_at is null
        group by alert.alert_id
        """,
    )
    return {(row["watch"], row["key"]): set(row["behind"]) for row in rows}


def hits_of_the_log(dsn: str) -> dict[tuple[str, str], set[str]]:
    """The hits of all that stands in the log, looked at as one."""
    with audit_connection(dsn) as connection:
        ask = asking(connection)
        touched = events_of(ask("year", since=HISTORY_START - timedelta(days=9), until=LAST + timedelta(days=9)))
        keys = {one.name: affected(one, touched, matching(one, touched, None)) for one in WATCHES.all}
        found = find(ask, WATCHES, touched, 0, keys)
    return {
        (name, key): set(behind)
        for name, hits in found.items()
        for key, behind in hits.groupby("key")["event_id"].agg(list).items()
    }


def look_often(dsn: str) -> None:
    look(dsn, WATCHES, "often")


def begin(dsn: str) -> None:
    """Watch an empty log: whatever comes is new."""
    assert look(dsn, WATCHES, "first") == Looked()


def history(helpdesk: str, audit: str, seed: int, after_each: Callable[[], None]) -> None:
    """Syncs of a hard world whose journal becomes visible late, window by window."""
    world = random_world(seed, contacts=6, captures=8, hardness=0.7)
    for number, row in enumerate(world["contact_journal"]):
        late = timedelta(hours=number * 5 % 20 if number % 3 == 0 else 0)
        row["recorded_at"] = (datetime.fromisoformat(row["occurred_at"]) + late).isoformat()
    write_world(helpdesk, {**world, "contact_journal": []})
    pipeline = new_pipeline(helpdesk, audit, brake_share=1.0, overlap_seconds=0)
    for number in range(NIGHT):
        end = HISTORY_START + timedelta(hours=3) * (number + 1)
        visible = [row for row in world["contact_journal"] if datetime.fromisoformat(row["recorded_at"]) <= end]
        query(helpdesk, "truncate helpdesk.contact_journal")
        write_world(helpdesk, {"contact_journal": visible})
        sync(pipeline, end)
        after_each()


def test_each_hit_of_a_history_with_late_evidence_stands_once(helpdesk_dsn: str, audit_dsn: str) -> None:
    begin(audit_dsn)
    rng = random.Random(11)

    def perhaps() -> None:
        # a run that died before it looked: the next one looks at what it left
        if rng.random() < 0.6:
            look_often(audit_dsn)

    history(helpdesk_dsn, audit_dsn, 11, perhaps)
    look_often(audit_dsn)
    hits = hits_of_the_log(audit_dsn)
    assert {watch for watch, _ in hits} >= {watch.name for watch in WATCHES.all} - {"first of agents"}
    assert standing(audit_dsn) == hits
    (told,) = query(audit_dsn, "select count(*) as alerts, count(retracted_at) as gone from audit.alerts")
    assert told["gone"] > 0
    assert told["alerts"] == told["gone"] + len(hits)
    assert look(audit_dsn, WATCHES, "again") == Looked()


def test_one_load_of_all_raises_what_many_loads_leave(helpdesk_dsn: str, audit_dsn: str) -> None:
    begin(audit_dsn)
    world = random_world(13, contacts=8, captures=8, hardness=0.7)
    write_world(helpdesk_dsn, world)
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0)
    backfill(pipeline, chunk="month", from_=HISTORY_START.isoformat(), to=LAST.isoformat())
    looked = look(audit_dsn, WATCHES, "all")
    hits = hits_of_the_log(audit_dsn)
    assert (looked.raised, looked.retracted) == (len(hits), 0)
    assert standing(audit_dsn) == hits


def test_watching_begins_at_what_is_there_and_ends_with_the_file(helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(helpdesk_dsn, random_world(14, contacts=6, captures=8, hardness=0.7))
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0)
    backfill(pipeline, from_=HISTORY_START.isoformat(), to=LAST.isoformat())
    assert look(audit_dsn, WATCHES, "first") == Looked()
    seen = query(audit_dsn, "select count(*) as pairs from audit.contact_audit_log where ip_address is not null")
    assert seen[0]["pairs"] > 0
    # all of it anew, with other evidence: nobody is seen from an address for the first time
    query(helpdesk_dsn, "update helpdesk.contact_journal set channel = 'elsewhere'")
    backfill(pipeline, "forced", force=True, from_=HISTORY_START.isoformat(), to=LAST.isoformat())
    assert look(audit_dsn, WATCHES, "second").raised > 0
    assert query(audit_dsn, "select * from audit.alerts where kind = 'first'") == []
    alerts.stop(audit_dsn)
    assert query(audit_dsn, "select * from audit.watching") == []
    assert look(audit_dsn, WATCHES, "anew") == Looked()


def test_what_fails_half_way_leaves_neither_alerts_nor_the_position(
    helpdesk_dsn: str, audit_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(audit_dsn)
    write_world(helpdesk_dsn, random_world(15, contacts=6, captures=8, hardness=0.7))
    backfill(
        new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0), from_=HISTORY_START.isoformat(), to=LAST.isoformat()
    )
    query(
        audit_dsn,
        """
        create function public.refuse() returns trigger language plpgsql as $$ begin raise 'the disk is full'; end $$;
        create trigger refuse before update on audit.watching for each row execute function public.refuse();
        """,
    )
    with pytest.raises(Exception, match="the disk is full"):
        look_often(audit_dsn)
    assert standing(audit_dsn) == {}
    query(audit_dsn, "drop trigger refuse on audit.watching")
    look_often(audit_dsn)
    assert standing(audit_dsn) == hits_of_the_log(audit_dsn) != {}


def test_an_alert_holds_ids_and_no_value(helpdesk_dsn: str, audit_dsn: str) -> None:
    begin(audit_dsn)
    write_world(helpdesk_dsn, random_world(11, contacts=6, captures=8, hardness=0.7))
    backfill(
        new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0), from_=HISTORY_START.isoformat(), to=LAST.isoformat()
    )
    look_often(audit_dsn)
    rows: list[dict[str, Any]] = query(audit_dsn, "select to_jsonb(alert)::text as text from audit.alerts as alert")
    names = query(
        audit_dsn, "select distinct author_name as name from audit.contact_audit_log where author_name is not null"
    )
    assert rows
    assert names
    assert not [name for name in names for row in rows if name["name"] in row["text"]]
    many = query(audit_dsn, "select * from audit.alerts where watch = 'many' order by alert_id")[0]
    assert (many["position"] > 0, many["run_id"]) == (True, "often")
    assert 1 < many["amount"] <= many["contacts"] <= many["events"]
    assert many["rule"] == "more than 1 contacts by one author within 6 hours"
