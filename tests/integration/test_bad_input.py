"""Bad input: bad rows are set aside whole and the run goes on; what cannot be read stops it with one clear message."""

from typing import Any

import pytest

from contact_audit.database import audit_connection
from contact_audit.errors import AuditDatabaseError, ConnectionLostError, ContactAuditError, SettingsError, SourceError
from contact_audit.settings import Settings
from tests.support.compact import moment, world_of
from tests.support.runs import new_pipeline, query, stored, sync
from tests.support.worlds import write_world

WORLD = """
    00:00 capture#1 plan=a
    03:00 capture#2 plan=b
"""
ENTRY = (
    "insert into helpdesk.contact_journal (entry_id, contact_id, account_id, occurred_at, recorded_at, action, author_type, "
    "author_id, ip_address, channel, changes) values (%(entry_id)s, %(contact_id)s, 1, %(occurred_at)s, %(recorded_at)s, "
    "%(action)s, %(author_type)s, '7', %(ip_address)s, 'api', %(changes)s)"
)
GOOD = {
    "entry_id": 5,
    "contact_id": 1,
    "occurred_at": moment("01:00"),
    "recorded_at": moment("01:00"),
    "action": "update",
    "author_type": "agent",
    "ip_address": "10.0.0.7",
    "changes": '[{"field": "custom_fields.plan", "old": "a", "new": "b"}]',
}
NULLABLE = (
    "alter table helpdesk.contact_journal alter contact_id drop not null, alter occurred_at drop not null, "
    "alter ip_address type text using ip_address::text"
)


@pytest.fixture
def helpdesk(helpdesk_dsn: str) -> str:
    """A contact whose plan goes from a to b, in a helpdesk that takes any row."""
    write_world(helpdesk_dsn, world_of(WORLD))
    query(helpdesk_dsn, NULLABLE)
    return helpdesk_dsn


def _log(dsn: str) -> list[tuple[Any, ...]]:
    rows = query(
        dsn,
        "select attribution, author_type, host(ip_address) as ip, journal_entry_id, changes from audit.contact_audit_log",
    )
    return [
        (*(row[name] for name in ("attribution", "author_type", "ip", "journal_entry_id")), row["changes"])
        for row in rows
    ]


def _rejected(dsn: str) -> list[dict[str, Any]]:
    return query(dsn, 'select relation, used, reason, "row" from audit.rejected_rows order by rejected_id')


CHANGE = [{"field": "custom_fields.plan", "old": "a", "new": "b"}]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"action": "upsert"}, "action 'upsert' is not one of create, update, delete, restore"),
        ({"changes": '{"field": "plan"}'}, 'changes is not a list of objects with a "field"'),
        ({"changes": '["plan"]'}, 'changes is not a list of objects with a "field"'),
        ({"changes": '[{"old": 1}]'}, 'changes is not a list of objects with a "field"'),
        ({"contact_id": None}, "contact_id is null"),
        ({"occurred_at": None}, "occurred_at is null"),
    ],
)
def test_an_unusable_entry_is_rejected_whole_and_the_change_is_unattributed(
    wrong: dict[str, Any], reason: str, helpdesk: str, audit_dsn: str
) -> None:
    query(helpdesk, ENTRY, GOOD | wrong)
    _, report = sync(new_pipeline(helpdesk, audit_dsn), moment("03:00"))
    assert report.rejected == 1
    (row,) = _rejected(audit_dsn)
    assert (row["relation"], row["used"], row["reason"]) == ("contact_journal", False, reason)
    assert row["row"]["entry_id"] == 5
    assert row["row"]["channel"] == "api"
    assert _log(audit_dsn) == [("unattributed", "unknown", None, None, CHANGE)]


@pytest.mark.parametrize(
    ("wrong", "reason", "event"),
    [
        (
            {"ip_address": "10.0.0.999"},
            "ip_address '10.0.0.999' is no IP address",
            ("recorded", "agent", None, 5, CHANGE),
        ),
        (
            {"author_type": "robot"},
            "author_type 'robot' is not one of contact, agent, admin, integration, system",
            ("recorded", "unknown", "10.0.0.7", 5, CHANGE),
        ),
    ],
)
def test_an_entry_counts_without_an_impossible_value_and_it_is_noted(
    wrong: dict[str, Any], reason: str, event: tuple[Any, ...], helpdesk: str, audit_dsn: str
) -> None:
    query(helpdesk, ENTRY, GOOD | wrong)
    sync(new_pipeline(helpdesk, audit_dsn), moment("03:00"))
    (row,) = _rejected(audit_dsn)
    assert (row["used"], row["reason"]) == (True, reason)
    assert row["row"] | wrong == row["row"]
    assert _log(audit_dsn) == [event]


@pytest.mark.parametrize("kind", ["full", "changed"])
def test_a_rejected_capture_row_leaves_its_contact_as_it_was(kind: str, helpdesk_dsn: str, audit_dsn: str) -> None:
    what = "capture" if kind == "full" else "changed"
    write_world(helpdesk_dsn, world_of(f"00:00 capture#1 plan=a\n03:00 {what}#2 plan=b"))
    query(helpdesk_dsn, "update helpdesk.contact_snapshots set custom_fields = '[1]' where snapshot_id = 2")
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn)
    _, report = sync(pipeline, moment("03:00"))
    assert (report.events, report.rejected) == (0, 1)
    (row,) = _rejected(audit_dsn)
    assert (row["relation"], row["reason"]) == ("contact_snapshots", "custom_fields is not an object")
    assert row["row"]["custom_fields"] == [1]
    assert [row["deleted"] for row in query(audit_dsn, "select deleted from audit.contacts")] == [False]
    write_world(helpdesk_dsn, world_of(f"06:00 {what}#3 plan=c"))
    sync(pipeline, moment("06:00"))
    assert [changes for *_, changes in _log(audit_dsn)] == [[{"field": "custom_fields.plan", "old": "a", "new": "c"}]]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (
            "alter table helpdesk.contact_journal drop column recorded_at",
            'helpdesk.contact_journal has no column "recorded_at"',
        ),
        ("drop table helpdesk.custom_fields", "no table (that this user may read) helpdesk.custom_fields"),
    ],
)
def test_a_missing_table_or_column_stops_the_run_by_name(
    damage: str, told: str, helpdesk_dsn: str, audit_dsn: str
) -> None:
    query(helpdesk_dsn, damage)
    with pytest.raises(SourceError) as error:
        sync(new_pipeline(helpdesk_dsn, audit_dsn), moment("03:00"))
    assert told in str(error.value)
    assert "docs/adapters.md" in str(error.value)
    assert query(audit_dsn, "select count(*) as loads from audit.ledger") == [{"loads": 0}]


def test_an_unreachable_helpdesk_stops_the_run_and_shows_no_password(audit_dsn: str) -> None:
    dsn = "postgresql://reader:hidden@127.0.0.1:1/helpdesk"
    with pytest.raises(SourceError, match="cannot connect to the helpdesk database 127.0.0.1:1/helpdesk") as error:
        sync(new_pipeline(dsn, audit_dsn), moment("03:00"))
    assert "Check the connection helpdesk" in str(error.value)
    assert "hidden" not in str(error.value)


def test_an_audit_database_that_is_not_migrated_says_so(helpdesk_dsn: str, new_database: Any) -> None:
    with pytest.raises(AuditDatabaseError, match="Run: make migrate"):
        sync(new_pipeline(helpdesk_dsn, new_database()), moment("03:00"))


def test_another_adapter_is_refused(helpdesk_dsn: str, audit_dsn: str) -> None:
    query(audit_dsn, "insert into audit.source (adapter) values ('zammad')")
    with pytest.raises(AuditDatabaseError, match="filled by the adapter 'zammad'"):
        sync(new_pipeline(helpdesk_dsn, audit_dsn), moment("03:00"))


def test_an_unknown_adapter_is_refused_with_the_valid_ones(helpdesk_dsn: str, audit_dsn: str) -> None:
    with pytest.raises(SettingsError, match="Valid adapters: helpdesk"):
        new_pipeline(helpdesk_dsn, audit_dsn, source="jira")
    with pytest.raises(SettingsError, match="CONTACT_AUDIT_SKEW_SECONDS"):
        Settings.from_environment({"CONTACT_AUDIT_SKEW": "3"})


def test_a_load_that_fails_in_the_middle_leaves_nothing(helpdesk: str, audit_dsn: str) -> None:
    query(audit_dsn, "alter table audit.ledger add constraint no_room check (events < 1)")
    with pytest.raises(ContactAuditError):
        sync(new_pipeline(helpdesk, audit_dsn), moment("03:00"))
    assert stored(audit_dsn)["contact_audit_log"] == []
    assert stored(audit_dsn)["contacts"] == []


def test_a_lost_audit_database_is_worth_a_retry(audit_dsn: str) -> None:
    with pytest.raises(ConnectionLostError), audit_connection(audit_dsn) as connection, connection.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(pg_backend_pid())")
