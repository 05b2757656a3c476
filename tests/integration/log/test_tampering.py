"""Whoever touches the log is told on: each thing that an owner can do with triggers switched off, and what verify says of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest

from contact_audit.log.verify import verify
from tests.support.runs import backfill, new_pipeline, query
from tests.support.tampering import SPAN, a_merge, an_event, as_owner


def said(dsn: str) -> list[str]:
    """What verify finds."""
    return [finding.line for finding in verify(dsn)[1]]


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def test_of_an_untouched_log_nothing_is_said(log: str) -> None:
    for table in (
        "contact_audit_log",
        "superseded_events",
        "replaced_rows",
        "capture_decisions",
        "entries_without_event",
    ):
        assert query(log, f"select 1 from audit.{table} limit 1"), table
    assert said(log) == []
    assert said(log) == []  # nor of what verify itself keeps
    assert [row["findings"] for row in query(log, "select findings from audit.verifications")] == [0, 0]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("changes = jsonb_set(changes, '{0,old}', '\"forged\"')", id="an old value"),
        pytest.param("changes = jsonb_set(changes, '{0,new}', '\"forged\"')", id="a value"),
        pytest.param("author_name = author_name || '.'", id="an author's name"),
        pytest.param("ip_address = ip_address + 1", id="an address"),
        pytest.param(
            "occurred_at = occurred_at + interval '1 second', occurred_after = occurred_after + interval '1 second'",
            id="a second",
        ),
        pytest.param("channel = 'api '", id="a channel"),
        pytest.param("run_id = 'another'", id="the run"),
        pytest.param("loaded_at = loaded_at - interval '1 day'", id="when it was loaded"),
        pytest.param("rules_version = rules_version + 1", id="the rules"),
        pytest.param("contact_id = '99999'", id="whose it is"),
        pytest.param("on_behalf_of = 'Bo (8)'", id="in whose name"),
    ],
)
def test_a_changed_event_is_named(log: str, change: str) -> None:
    event = an_event(log)
    as_owner(log, f"update audit.contact_audit_log set {change} where event_id = %s", [event["event_id"]])
    assert said(log) == [
        f"window {iso(event['window_end'])}, contact {event['contact_id']}, event {event['event_id']}: was changed"
    ]


@pytest.fixture
def merge(log: str) -> dict[str, Any]:
    written = a_merge(log)
    assert said(log) == []
    return written


@pytest.mark.parametrize(
    "change",
    [
        "merged_into = '10'",
        "merged_into = null",
        "on_behalf_of = 'Cy (9)'",
        "on_behalf_of = null",
        "merged_into = null, on_behalf_of = null",
    ],
)
def test_a_survivor_or_a_principal_that_was_changed_is_named(log: str, merge: dict[str, Any], change: str) -> None:
    as_owner(log, f"update audit.contact_audit_log set {change} where event_id = %s", [merge["event_id"]])
    where = f"window {iso(merge['window_end'])}, contact {merge['contact_id']}, event {merge['event_id']}"
    assert said(log) == [f"{where}: was changed"]


def test_a_digest_without_merge_and_principal_is_that_of_the_first_form(log: str) -> None:
    """Computed here as it was before there were such columns: rows written then are not to be touched."""
    row = query(
        log,
        """select audit.digest(e, decode(repeat('ab', 16), 'hex')) as digest, sha256(
            '\\x00'::bytea || uuid_send(event_id) || audit.moment(occurred_at) || audit.moment(occurred_after)
            || audit.moment(window_start) || audit.moment(window_end) || audit.moment(loaded_at)
            || audit.commitment(decode(repeat('ab', 16), 'hex'), 'author', audit.listed(array[author_id, author_name]))
            || audit.commitment(decode(repeat('ab', 16), 'hex'), 'ip_address', audit.listed(array[ip_address::text]))
            || audit.commitment(decode(repeat('ab', 16), 'hex'), 'changes', convert_to(changes::text, 'UTF8'))
            || audit.listed(array[
                'contact_audit_log', account_id, contact_id, action, author_type, channel, sequence::text, attribution,
                journal_entry_id::text, candidates::text, previous_snapshot_id::text, snapshot_id::text, rules_version::text, run_id,
                fields::text
            ])
        ) as first_form
        from audit.contact_audit_log as e where event_id = %s""",
        [an_event(log)["event_id"]],
    )[0]
    assert bytes(row["digest"]) == bytes(row["first_form"])


def test_a_deleted_event_is_named(log: str) -> None:
    event = an_event(log)
    as_owner(log, "delete from audit.contact_audit_log where event_id = %s", [event["event_id"]])
    where = f"window {iso(event['window_end'])}, contact {event['contact_id']}, event {event['event_id']}"
    assert said(log) == [f"{where}: is missing from the log"]


def test_an_added_event_is_named(log: str) -> None:
    event = an_event(log)
    forged = "00000000-0000-0000-0000-00000000f0f0"
    as_owner(
        log,
        "create temporary table forged (like audit.contact_audit_log); "
        "alter table forged drop column fields; "
        "insert into forged select (jsonb_populate_record(null::forged, to_jsonb(e))).* from audit.contact_audit_log as e "
        "where e.event_id = %(id)s; update forged set event_id = %(forged)s; "
        "insert into audit.contact_audit_log (event_id, account_id, contact_id, action, author_type, author_id, author_name, "
        "ip_address, channel, occurred_at, occurred_after, sequence, changes, attribution, journal_entry_id, candidates, "
        "previous_snapshot_id, snapshot_id, window_start, window_end, rules_version, run_id, loaded_at, merged_into, "
        "on_behalf_of) select * from forged",
        {"id": event["event_id"], "forged": forged},
    )
    where = f"window {iso(event['window_end'])}, contact {event['contact_id']}, event {forged}"
    assert said(log) == [f"{where}: stands in the log, but no entry of the ledger added it"]


def test_an_event_moved_to_another_window_is_named_in_both(log: str) -> None:
    event = an_event(log)
    later = event["window_end"] + timedelta(hours=3)
    as_owner(
        log,
        "update audit.contact_audit_log set window_start = window_end, window_end = %s where event_id = %s",
        [later, event["event_id"]],
    )
    what = f"contact {event['contact_id']}, event {event['event_id']}"
    assert said(log) == [
        f"window {iso(event['window_end'])}, {what}: is missing from the log",
        f"window {iso(later)}, {what}: stands in the log, but no entry of the ledger added it",
    ]


@pytest.mark.parametrize(
    ("tamper", "problem"),
    [
        (
            "update audit.superseded_events set author_name = 'x' where event_id = %s",
            "was changed after it was superseded",
        ),
        ("update audit.superseded_events set reason = 'x' where event_id = %s", "was changed after it was superseded"),
        ("delete from audit.superseded_events where event_id = %s", "is missing from the superseded events"),
    ],
)
def test_a_superseded_event_is_named(log: str, tamper: str, problem: str) -> None:
    event = query(log, "select * from audit.superseded_events order by event_id limit 1")[0]
    as_owner(log, tamper, [event["event_id"]])
    where = f"window {iso(event['window_end'])}, contact {event['contact_id']}, superseded event {event['event_id']}"
    assert said(log) == [f"{where}: {problem}"]


def test_a_changed_decision_is_named(log: str) -> None:
    decision = query(log, "select * from audit.capture_decisions")[0]
    as_owner(log, "update audit.capture_decisions set decided_by = 'somebody else'")
    assert said(log) == [f"decision on capture {decision['snapshot_id']}: was changed"]


@pytest.mark.parametrize(
    ("table", "key", "name", "column"),
    [
        ("entries_without_event", "entry_id", "entry without an event", "channel"),
        ("replaced_rows", "key", "rejected row", "row"),
    ],
)
def test_a_row_beside_the_log_is_named(log: str, table: str, key: str, name: str, column: str) -> None:
    row = query(
        log,
        f"select * from audit.{table} where relation = 'rejected_rows' limit 1"
        if table == "replaced_rows"
        else f"select * from audit.{table} limit 1",
    )[0]
    forged = "'{}'::jsonb" if column == "row" else "'forged'"
    as_owner(log, f'update audit.{table} set "{column}" = {forged} where {key} = %s', [row[key]])
    (line,) = said(log)
    assert line.startswith(f"window {iso(row['window_end'])}, ")
    assert name in line
    assert "was changed" in line


def test_a_changed_ledger_entry_is_named(log: str) -> None:
    as_owner(log, "update audit.ledger set events = events + 1 where sequence = 5")
    assert said(log) == ["ledger sequence 5: the entry was changed: its hash is not that of what it says"]


def test_a_ledger_entry_deleted_in_the_middle_is_named(log: str) -> None:
    as_owner(log, "delete from audit.ledger where sequence = 5")
    assert "ledger sequence 5: the entry is missing" in said(log)


def test_a_cut_tail_is_named(log: str) -> None:
    last = query(log, "select max(sequence) as last from audit.ledger")[0]["last"]
    as_owner(log, "delete from audit.ledger where sequence = %s", [last])
    assert f"ledger sequence {last}: the entry is missing: the chain was longer" in said(log)


def test_two_swapped_entries_are_both_named(log: str) -> None:
    as_owner(
        log,
        "update audit.ledger set sequence = -1 where sequence = 5; update audit.ledger set sequence = 5 where sequence = 6; "
        "update audit.ledger set sequence = 6 where sequence = -1",
    )
    lines = said(log)
    for sequence in (5, 6):
        assert f"ledger sequence {sequence}: the entry was changed: its hash is not that of what it says" in lines


def test_kept_digests_that_were_made_to_fit_are_named_by_their_entry(log: str) -> None:
    event = an_event(log)
    as_owner(log, "update audit.contact_audit_log set channel = 'forged' where event_id = %s", [event["event_id"]])
    as_owner(
        log,
        """
        update audit.ledger_rows as r
        set records = overlay(r.records placing made.digest from made.place + 32)
        from (
            select
                o.ctid as row,
                position(uuid_send(e.event_id) in o.records) as place,
                audit.digest(e, substr(o.records, position(uuid_send(e.event_id) in o.records) + 16, 16)) as digest
            from audit.contact_audit_log as e
            inner join audit.ledger_rows as o
                on e.window_end = o.window_end and e.loaded_at = o.transaction_at
            where e.event_id = %s and o.relation = 'contact_audit_log' and not o.removed
        ) as made
        where r.ctid = made.row
        """,
        [event["event_id"]],
    )
    lines = said(log)
    assert lines
    assert all(line.startswith("ledger sequence") for line in lines)
    assert all(f"window {iso(event['window_end'])}" in line and "root is another" in line for line in lines)


def test_a_guard_that_is_switched_off_is_told(log: str) -> None:
    query(log, "alter table audit.ledger disable trigger append_only")
    assert said(log) == ["database: the trigger append_only on audit.ledger is missing or switched off"]


@pytest.mark.parametrize("table", ["superseded_events", "ledger_rows", "replaced_rows", "ledger"])
@pytest.mark.parametrize("change", ["delete from audit.{}", "truncate audit.{}"])
def test_evidence_is_only_added_to(log: str, table: str, change: str) -> None:
    with pytest.raises(psycopg2.errors.RaiseException, match="refused"):
        query(log, change.format(table))


def test_a_forced_backfill_does_not_make_a_forgery_right(log: str, new_database: Callable[..., str]) -> None:
    event = an_event(log)
    as_owner(log, "update audit.contact_audit_log set author_name = 'forged' where event_id = %s", [event["event_id"]])
    pipeline = new_pipeline(new_database("proved_helpdesk"), log, brake_share=1.0)
    assert backfill(pipeline, "repair", force=True, **SPAN).superseded == 1
    where = f"window {iso(event['window_end'])}, contact {event['contact_id']}, superseded event {event['event_id']}"
    assert said(log) == [f"{where}: was changed before it was superseded"]


def test_every_entry_follows_the_one_before_without_a_gap(log: str) -> None:
    rows = query(log, "select sequence, previous_hash, hash from audit.ledger order by sequence")
    assert [row["sequence"] for row in rows] == [*range(1, len(rows) + 1)]
    assert [bytes(row["previous_hash"]) for row in rows[1:]] == [bytes(row["hash"]) for row in rows[:-1]]
