"""The conservation law over the whole log, as verify asks for it: of what loads made, nothing is said."""

from datetime import timedelta
from typing import Any

import pytest

from contact_audit.database import audit_connection
from contact_audit.log import continuity
from contact_audit.log.verify import verify
from contact_audit.windows import HISTORY_START
from tests.support.compact import DAY, world_of
from tests.support.runs import backfill, new_pipeline, query, sync
from tests.support.tampering import as_owner
from tests.support.worlds import load_world, random_world, write_world

UNTIL = (HISTORY_START + timedelta(days=60)).isoformat()
LIFE = """
    00:00 capture plan=a email=x seats=1
    01:00 update #1 ann plan:a>b
    03:00 capture plan=b email=x seats=1
    04:00 update #2 ann plan:b>c
    06:00 capture plan=c email=y seats=1
    09:00 capture plan=c email=y seats=2
"""
SPAN = {"from_": DAY.isoformat(), "to": (DAY + timedelta(hours=9)).isoformat()}


def law(dsn: str, at_once: int = 50) -> list[str]:
    """What the law says, in small pieces."""
    with audit_connection(dsn, snapshot=True) as connection:
        return [one.line for one in continuity.findings(connection, at_once)]


@pytest.fixture
def life(helpdesk_dsn: str, audit_dsn: str) -> str:
    write_world(helpdesk_dsn, world_of(LIFE))
    backfill(new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0), **SPAN)
    assert law(audit_dsn) == []
    return audit_dsn


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_of_what_loads_made_nothing_is_said(seed: int, helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(helpdesk_dsn, random_world(seed, contacts=40, captures=14, hardness=0.9))
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0)
    backfill(pipeline, from_=HISTORY_START.isoformat(), to=UNTIL)
    assert query(audit_dsn, "select count(*) > 100 as many from audit.contact_audit_log") == [{"many": True}]
    assert law(audit_dsn) == []


@pytest.mark.parametrize("name", ["plain", "hard", "border"])
def test_nor_of_the_agreed_worlds(name: str, helpdesk_dsn: str, audit_dsn: str) -> None:
    world: dict[str, Any] = load_world(name)
    write_world(helpdesk_dsn, world)
    backfill(new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0), from_=HISTORY_START.isoformat())
    assert law(audit_dsn, 100_000) == []


def test_nor_of_a_span_with_a_hole_whose_changes_no_event_tells(helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(helpdesk_dsn, world_of(LIFE))
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0)
    for end in (3, 9):
        sync(pipeline, DAY + timedelta(hours=end), f"run {end}", only_own=True)
    assert law(audit_dsn) == []


@pytest.mark.parametrize(
    ("touched", "said"),
    [
        (
            "update audit.contacts set email = 'forged'",
            ["contact 1, event {email}: email is not shown as it was left in audit.contacts"],
        ),
        (
            "update audit.contacts set custom_fields = jsonb_set(custom_fields, '{{seats}}', '7')",
            ["contact 1, event {seats}: custom_fields.seats is not shown as it was left in audit.contacts"],
        ),
        (
            "update audit.contacts set deleted = true",
            ["contact 1, event {seats}: the contact's existence is not shown in audit.contacts"],
        ),
        ("delete from audit.contacts", ["contact 1, event {seats}: the contact's existence is not shown in audit.contacts"]),
        (
            "delete from audit.contact_audit_log where journal_entry_id = 1",
            [],
        ),
        (
            "update audit.contact_audit_log set changes = jsonb_set(changes, '{{0,new}}', '\"forged\"') where journal_entry_id = 1",
            ["contact 1, event {second}: the old value of custom_fields.plan is not what the event before it left"],
        ),
    ],
)  # fmt: skip
def test_what_does_not_lead_to_the_next_is_named(life: str, touched: str, said: list[str]) -> None:
    events = {
        **{
            field: query(life, "select event_id from audit.contact_audit_log where fields @> %s", [f'["{name}"]'])[0][
                "event_id"
            ]
            for field, name in (("email", "email"), ("seats", "custom_fields.seats"))
        },
        "second": query(life, "select event_id from audit.contact_audit_log where journal_entry_id = 2")[0]["event_id"],
    }
    as_owner(life, touched.format())
    found = [line.partition(", ")[2] for line in law(life)]
    assert found == [one.format(**events) for one in said]


def test_an_event_cut_out_of_a_contacts_life_is_noticed_by_the_next_one(life: str) -> None:
    as_owner(life, "delete from audit.contact_audit_log where journal_entry_id = 2")
    as_owner(life, 'update audit.contacts set custom_fields = custom_fields || \'{"plan": "c"}\'')
    (line,) = law(life)
    assert "custom_fields.plan is not shown as it was left" in line


def test_a_whole_verification_says_it_too_and_once(life: str) -> None:
    as_owner(life, "update audit.contacts set email = 'forged'")
    (finding,) = verify(life)[1]
    assert finding.line.endswith("email is not shown as it was left in audit.contacts")
    assert "forged" not in finding.line
    as_owner(life, "update audit.contact_audit_log set author_name = 'forged' where journal_entry_id = 1")
    (finding,) = verify(life)[1]  # of the same contact: what follows from that is not said again
    assert finding.line.endswith("was changed")
