"""A contact's account, at each moment; and which windows an older version of the rules loaded."""

from typing import Any

from contact_audit import RULES_VERSION
from contact_audit.web.filters import Filters
from contact_audit.web.queries import events
from contact_audit.web.reading import Reading
from tests.support.compact import moment, world_of
from tests.support.runs import backfill, new_pipeline, query
from tests.support.worlds import write_world

LIFE = """
    00:00 capture plan=a
    01:00 update #1 ann account:1>2
    02:00 update #2 ann@2 plan:a>b
    03:00 capture plan=b account=2
    04:00 delete #3 bo@2 plan:b>
    05:00 restore #4 bo@3 plan:>b
    06:00 capture plan=b account=3
    09:00 capture plan=b account=1
"""
SPAN = {"from_": moment("00:00").isoformat(), "to": moment("09:00").isoformat()}


def accounts(dsn: str, *clocks: str) -> list[Any]:
    text = "select account_id from audit.contact_as_of('1', %s)"
    return [query(dsn, text, [moment(clock)])[0]["account_id"] for clock in clocks]


def test_the_state_at_a_moment_knows_the_account_of_that_moment(helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(helpdesk_dsn, world_of(LIFE))
    backfill(new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0), **SPAN)
    clocks = ("00:30", "01:00", "02:30", "03:30", "04:30", "05:30", "08:00", "09:30")
    assert accounts(audit_dsn, *clocks) == ["1", "2", "2", "2", "2", "3", "3", "1"]


def test_a_move_is_told_in_words(helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(helpdesk_dsn, world_of(LIFE))
    backfill(new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0), **SPAN)
    (told,) = query(audit_dsn, "select account_id, activity from audit.contact_activity where journal_entry_id = 1")
    assert told == {"account_id": "1", "activity": 'Account changed from "1" to "2"'}


def test_a_filter_by_account_shows_a_move_in_both(helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(helpdesk_dsn, world_of(LIFE))
    backfill(new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0), **SPAN)
    shown = {account: told(audit_dsn, account) for account in ("1", "2", "3", "4")}
    assert shown == {"1": [1, None], "2": [1, 2, 3], "3": [4, None], "4": []}


def told(dsn: str, account: str) -> list[int | None]:
    """The entries of the events that a filter by account lets pass, oldest first."""
    reading = Reading(lambda: dsn)
    with reading.snapshot() as ask:
        rows = events(ask, Filters.from_address({"account": account})).rows
    reading.close()
    return [row["journal_entry_id"] for row in reversed(rows)]


def test_sync_status_tells_what_an_older_version_loaded_and_what_renews_it(helpdesk_dsn: str, audit_dsn: str) -> None:
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0)
    assert query(audit_dsn, "select audit.rules_version() as version") == [{"version": RULES_VERSION}]
    write_world(helpdesk_dsn, world_of(LIFE))
    backfill(pipeline, **SPAN)
    assert older(audit_dsn) == (0, None)
    query(
        audit_dsn,
        "alter table audit.ledger disable trigger user; update audit.ledger set rules_version = 1; "
        "alter table audit.ledger enable trigger user",
    )
    command = (
        'contact_audit_backfill with {"from": "2024-03-01T00:00:00Z", "to": "2024-03-01T09:00:00Z", "force": true}'
    )
    assert older(audit_dsn) == (3, command)
    backfill(pipeline, force=True, from_=moment("00:00").isoformat(), to=moment("03:00").isoformat())
    assert older(audit_dsn) == (2, command.replace('"from": "2024-03-01T00', '"from": "2024-03-01T03'))


def older(dsn: str) -> tuple[int, str | None]:
    (row,) = query(dsn, "select windows_of_older_rules, renew_older_rules from audit.sync_status")
    return row["windows_of_older_rules"], row["renew_older_rules"]
