"""The deep verification: what the evidence gives, held against the log; what cannot be compared is counted, not found."""

from datetime import timedelta
from typing import Any

import pytest

from contact_audit.log.findings import Finding
from contact_audit.log.verify import More
from contact_audit.runs import deep as module
from contact_audit.runs.deep import deep
from contact_audit.runs.pipeline import Pipeline
from contact_audit.windows import HISTORY_START
from tests.support.compact import DAY, world_of
from tests.support.runs import backfill, new_pipeline, query, quiet, stored
from tests.support.tampering import as_owner
from tests.support.worlds import random_world, write_world

UNTIL = (HISTORY_START + timedelta(days=3)).isoformat()
LIFE = """
    00:00 capture plan=a email=x
    01:00 update #1 ann plan:a>b
    02:00 update #2 bo seats
    03:00 capture plan=b email=x
    06:00 capture plan=b email=y
"""
SPAN = {"from_": DAY.isoformat(), "to": (DAY + timedelta(hours=6)).isoformat()}


def looked(pipeline: Pipeline, *span: Any) -> More:
    return deep(pipeline, *(span or (None, None)), quiet)


def said(more: More) -> list[str]:
    return [finding.line for finding in more.findings]


@pytest.fixture
def life(helpdesk_dsn: str, audit_dsn: str) -> Pipeline:
    write_world(helpdesk_dsn, world_of(LIFE))
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0)
    backfill(pipeline, **SPAN)
    return pipeline


@pytest.fixture
def helpdesk(helpdesk_dsn: str) -> str:
    return helpdesk_dsn


def test_of_an_untouched_log_nothing_is_said_and_nothing_is_written(
    helpdesk_dsn: str, audit_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = random_world(77, contacts=15, captures=8, hardness=0.9)
    write_world(helpdesk_dsn, world)
    query(helpdesk_dsn, "update helpdesk.contact_journal set action = 'merge' where entry_id %% 17 = 3", [])
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0)
    backfill(pipeline, from_=HISTORY_START.isoformat(), to=UNTIL)
    before = stored(audit_dsn) | {"ledger": query(audit_dsn, "select * from audit.ledger order by 1")}
    assert all(before[table] for table in ("contact_audit_log", "entries_without_event", "rejected_rows", "contacts"))
    # in many small parts
    monkeypatch.setattr(module, "parts_of", lambda span, _: [type(span)(one.start, one.end) for one in span.windows])
    found = looked(pipeline)
    assert said(found) == []
    assert found.notes == ("24 windows derived anew from the evidence",)
    assert stored(audit_dsn) | {"ledger": query(audit_dsn, "select * from audit.ledger order by 1")} == before


@pytest.mark.parametrize(
    ("touched", "line"),
    [
        (
            "update audit.contact_audit_log set author_name = 'x' where journal_entry_id = 1",
            "event {1}: the evidence gives other author_name",
        ),
        (
            "update audit.contact_audit_log set ip_address = '192.0.2.1', channel = 'api' where journal_entry_id = 1",
            "event {1}: the evidence gives other channel, ip_address",
        ),
        ("delete from audit.contact_audit_log where journal_entry_id = 1", "event {1}: the evidence gives it, the log has it not"),
        (
            "update audit.contact_audit_log set event_id = '00000000-0000-0000-0000-00000000f0f0' where journal_entry_id = 1",
            "event 00000000-0000-0000-0000-00000000f0f0: the evidence does not give it",
        ),
        (
            "update audit.entries_without_event set author_name = 'x'",
            "entry without an event 2: the evidence does not give it as it stands",
        ),
    ],
)  # fmt: skip
def test_what_the_evidence_does_not_give_is_named_with_its_column(life: Pipeline, touched: str, line: str) -> None:
    (event,) = query(life.audit_dsn, "select event_id from audit.contact_audit_log where journal_entry_id = 1")
    as_owner(life.audit_dsn, touched)
    window = f"window {(DAY + timedelta(hours=3)).isoformat()}, contact 1, "
    assert window + line.replace("{1}", str(event["event_id"])) in said(looked(life))


def test_contacts_are_held_against_the_capture_that_they_show(life: Pipeline) -> None:
    as_owner(life.audit_dsn, "update audit.contacts set email = 'forged', name = 'forged'")
    assert said(looked(life)) == ["contact 1: audit.contacts shows other name, email than its capture"]
    as_owner(
        life.audit_dsn,
        "update audit.contacts set email = 'y', name = null, custom_fields = custom_fields || '{\"plan\": \"z\"}'",
    )
    assert said(looked(life)) == ["contact 1: audit.contacts shows other custom_fields.plan than its capture"]
    as_owner(life.audit_dsn, "update audit.contacts set contact_id = '2'")
    assert said(looked(life)) == [
        "contact 1: its capture holds it, and audit.contacts does not",
        "contact 2: audit.contacts shows it, and its capture does not",
    ]


def test_evidence_that_is_gone_is_told_and_is_no_finding(life: Pipeline, helpdesk: str) -> None:
    query(helpdesk, "delete from helpdesk.contact_journal where entry_id = 1")
    found = looked(life)
    assert said(found) == []
    assert "1 windows not compared: evidence_lost, the source no longer has all that they rest on" in found.notes


def test_windows_of_older_rules_are_skipped_and_counted(life: Pipeline) -> None:
    as_owner(
        life.audit_dsn, "update audit.ledger set rules_version = 1 where window_end <= %s", [DAY + timedelta(hours=3)]
    )
    as_owner(life.audit_dsn, "update audit.contact_audit_log set author_name = 'x' where journal_entry_id = 1")
    found = looked(life)
    assert said(found) == []
    assert found.notes[0] == "1 windows derived anew from the evidence"
    assert found.notes[1].startswith("1 windows of an older version of the rules skipped")


def test_evidence_that_came_later_is_the_next_runs_and_no_finding(life: Pipeline, helpdesk: str) -> None:
    query(
        helpdesk,
        "insert into helpdesk.contact_journal (entry_id, contact_id, account_id, occurred_at, recorded_at, action, author_type) "
        "values (9, 1, 1, %s, %s, 'update', 'agent')",
        [DAY + timedelta(hours=5), DAY + timedelta(hours=7)],
    )
    found = looked(life)
    assert said(found) == []
    assert any("the next run loads them" in note for note in found.notes)


def test_a_span_looks_at_its_windows_only(life: Pipeline) -> None:
    as_owner(life.audit_dsn, "update audit.contact_audit_log set author_name = 'x' where journal_entry_id = 1")
    assert said(looked(life, DAY + timedelta(hours=3), None)) == []
    assert len(looked(life, None, DAY + timedelta(hours=3)).findings) == 1


def test_a_finding_tells_nobodys_values(life: Pipeline) -> None:
    as_owner(life.audit_dsn, "update audit.contact_audit_log set author_name = 'secret' where journal_entry_id = 1")
    as_owner(life.audit_dsn, "update audit.contacts set email = 'secret'")
    found: tuple[Finding, ...] = looked(life).findings
    assert len(found) == 2
    assert "secret" not in " ".join(said(looked(life)))
