"""Bad input: a bad row is set aside with its reason and the run goes on; a bad database or setting stops it at once, with what to do."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from contact_audit.errors import AuditDatabaseError, ConnectionLostError, SettingsError, SourceError
from contact_audit.local.embedded import Server
from contact_audit.runs.pipeline import Pipeline
from contact_audit.settings import Settings
from tests.support.compact import expected, logged, moment, world_of
from tests.support.runs import backfill, loaded_windows, new_pipeline, query, sync
from tests.support.worlds import write_world

SPAN = {"from_": moment("00:00").isoformat(), "to": moment("12:00").isoformat()}
UNATTRIBUTED = "03:00/1 [1-2] update 00:00..03:00 ? unattributed -: plan a>b"


@pytest.fixture
def pipeline(helpdesk_dsn: str, audit_dsn: str) -> Pipeline:
    return new_pipeline(helpdesk_dsn, audit_dsn)


def rejected(dsn: str) -> list[dict[str, Any]]:
    return query(dsn, "select * from audit.rejected_rows order by entry_id, snapshot_id")


STORY = """
    00:00 capture#1 plan=a
    01:00 update #1 ann plan:a>b
    03:00 capture#2 plan=b
    04:00 update #2 ann plan:b>c
    06:00 capture#3 plan=c
"""


# ---- journal rows --------------------------------------------------------------------------------------------------


def test_of_rows_with_one_entry_id_one_is_used_and_the_others_are_rejected(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    """As in a view read as the journal, whose join doubles a row."""
    world = world_of(STORY)
    write_world(helpdesk_dsn, world)
    query(helpdesk_dsn, "alter table helpdesk.contact_journal drop constraint contact_journal_pkey")
    first = next(row for row in world["contact_journal"] if row["entry_id"] == 1)
    write_world(helpdesk_dsn, {"contact_journal": [first, first, first | {"channel": "api"}]})
    backfill(pipeline, **SPAN)
    assert logged(audit_dsn)[0] == expected("03:00/1 [1-2] update 01:00 ann recorded #1: plan a>b")[0]
    assert len(logged(audit_dsn)) == 2
    told = rejected(audit_dsn)
    assert {(row["entry_id"], row["reason"], row["used"]) for row in told} == {
        (1, "another row of this entry_id was used", False)
    }
    assert sorted(row["row"]["channel"] == "api" for row in told) == [False, True]
    before = logged(audit_dsn)
    sync(pipeline, moment("12:00"))
    assert logged(audit_dsn) == before


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("action = 'merge'", "action 'merge' is not one of create, update, delete, restore"),
        ("""changes = '"plan"'""", 'changes is not a list of objects with a "field"'),
        ("""changes = '{"field": "plan"}'""", 'changes is not a list of objects with a "field"'),
        ("changes = '[1]'", 'changes is not a list of objects with a "field"'),
        ("""changes = '[{"name": "plan"}]'""", 'changes is not a list of objects with a "field"'),
        ("""changes = '[{"field": 7}]'""", 'changes is not a list of objects with a "field"'),
        ("action = null", "action None is not one of create, update, delete, restore"),
        ("contact_id = null", "contact_id is null"),
        ("occurred_at = null", "occurred_at is null"),
    ],
)
def test_an_unusable_entry_is_rejected_whole_and_its_change_is_unattributed(
    change: str, reason: str, pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    write_world(helpdesk_dsn, world_of(STORY))
    column = change.split(maxsplit=1)[0]
    query(helpdesk_dsn, f"alter table helpdesk.contact_journal alter column {column} drop not null")
    query(helpdesk_dsn, f"update helpdesk.contact_journal set {change} where entry_id = 1")
    (source,) = query(helpdesk_dsn, "select * from helpdesk.contact_journal where entry_id = 1")
    assert backfill(pipeline, **SPAN).rejected == 1
    (row,) = rejected(audit_dsn)
    assert (row["relation"], row["entry_id"], row["used"], row["reason"]) == ("contact_journal", 1, False, reason)
    assert row["row"]["changes"] == source["changes"]
    assert row["row"]["author_name"] == "Ann"
    assert row["row"].keys() == source.keys()
    assert logged(audit_dsn) == [UNATTRIBUTED, "06:00/1 [2-3] update 04:00 ann recorded #2: plan b>c"]
    backfill(pipeline, "again", force=True, **SPAN)
    assert len(rejected(audit_dsn)) == 1


def test_entries_of_nobody_known_in_one_window_are_each_rejected_once(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    write_world(helpdesk_dsn, world_of(STORY))
    query(helpdesk_dsn, "alter table helpdesk.contact_journal alter column contact_id drop not null")
    query(helpdesk_dsn, "update helpdesk.contact_journal set contact_id = null, action = 'merge'")
    report = backfill(pipeline, **SPAN)
    assert report.rejected == 2
    assert [row["reason"] for row in rejected(audit_dsn)] == ["contact_id is null"] * 2


@pytest.mark.parametrize(
    ("change", "reason", "author"),
    [
        (
            "ip_address = '999.1.1.1'",
            "ip_address '999.1.1.1' is no IP address",
            "agent/7/Ann/None/agent_panel",
        ),
        (
            "ip_address = E'10.0.0.7, 10.0.0.8\\n'",
            "ip_address '10.0.0.7, 10.0.0.8\\n' is no IP address",
            "agent/7/Ann/None/agent_panel",
        ),
        (
            "author_type = 'robot'",
            "author_type 'robot' is not one of contact, agent, admin, integration, system",
            "unknown/7/Ann/10.0.0.7/agent_panel",
        ),
    ],
)
def test_an_impossible_address_or_author_type_is_noted_and_the_entry_counts_without_it(
    change: str, reason: str, author: str, pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    write_world(helpdesk_dsn, world_of(STORY))
    query(helpdesk_dsn, "alter table helpdesk.contact_journal alter column ip_address type text using host(ip_address)")
    query(helpdesk_dsn, f"update helpdesk.contact_journal set {change} where entry_id = 1")
    report = backfill(pipeline, **SPAN)
    assert report.rejected == 1
    (row,) = rejected(audit_dsn)
    assert (row["entry_id"], row["used"], row["reason"]) == (1, True, reason)
    given = "ip_address" if "ip" in change else "author_type"
    assert (
        row["row"][given]
        == query(helpdesk_dsn, f"select {given} as it from helpdesk.contact_journal order by entry_id")[0]["it"]
    )
    assert logged(audit_dsn)[0] == f"03:00/1 [1-2] update 01:00 {author} recorded #1: plan a>b"


# ---- capture rows --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["capture", "changed"])
@pytest.mark.parametrize(
    ("value", "window_by_window"),
    [("[1, 2]", True), ("[1, 2]", False), ('"text"', False), ("null", False), ("7", False)],
)
def test_a_rejected_capture_row_leaves_its_contact_as_the_capture_before_had_it(
    kind: str, value: str, window_by_window: bool, pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    write_world(
        helpdesk_dsn,
        world_of(
            f"""
            00:00 capture#1 plan=a name=Ann
            03:00 {kind}#2 plan=b name=Bea
            06:00 changed#3
            09:00 {kind}#4 plan=c name=Ann
            """
        ),
    )
    query(helpdesk_dsn, "update helpdesk.contact_snapshots set custom_fields = %s where snapshot_id = 2", (value,))
    if window_by_window:
        for clock in ("00:00", "03:00", "06:00"):
            sync(pipeline, moment(clock), only_own=True)
        contact = query(audit_dsn, "select name, custom_fields, deleted from audit.contacts")
        assert [tuple(row.values()) for row in contact] == [("Ann", {"plan": "a"}, False)]
        sync(pipeline, moment("09:00"))
    else:
        backfill(pipeline, **SPAN)
    (row,) = rejected(audit_dsn)
    assert (row["relation"], row["snapshot_id"], row["contact_id"], row["used"]) == ("contact_snapshots", 2, "1", False)
    assert row["reason"] == "custom_fields is not an object"
    assert row["row"]["name"] == "Bea"
    assert logged(audit_dsn) == expected("09:00/1 [1-4] update 00:00..09:00 ? unattributed -: plan a>c")
    contact = query(audit_dsn, "select name, custom_fields, deleted from audit.contacts")
    assert [tuple(row.values()) for row in contact] == [("Ann", {"plan": "c"}, False)]


def test_a_rejected_row_of_a_full_capture_is_no_delete_when_the_contacts_are_brought_forward_past_it(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    write_world(helpdesk_dsn, world_of("00:00 capture#1 plan=a\n 03:00 capture#2 plan=b\n 06:00 changed#3"))
    query(helpdesk_dsn, "update helpdesk.contact_snapshots set custom_fields = '[]' where snapshot_id = 2")
    sync(pipeline, moment("00:00"), only_own=True)
    sync(pipeline, moment("06:00"), only_own=True)  # the window of the full capture is left out
    (row,) = query(audit_dsn, "select custom_fields, deleted from audit.contacts")
    assert (row["custom_fields"], row["deleted"]) == ({"plan": "a"}, False)


def test_a_contact_gone_after_a_rejected_row_is_deleted(pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(
        helpdesk_dsn,
        world_of("00:00 capture#1 plan=a\n 03:00 capture#2 plan=b\n 06:00 changed#3\n 09:00 capture#4 -"),
    )
    query(helpdesk_dsn, "update helpdesk.contact_snapshots set custom_fields = '[]' where snapshot_id = 2")
    backfill(new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0), **SPAN)
    assert logged(audit_dsn) == expected("09:00/1 [1-4] delete 00:00..09:00 ? unattributed -: plan a>null")
    assert query(audit_dsn, "select deleted from audit.contacts") == [{"deleted": True}]


# ---- databases -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "drop table helpdesk.contact_journal",
            r"no table \(that this user may read\) helpdesk.contact_journal .*docs/adapters.md",
        ),
        (
            "alter table helpdesk.contact_journal drop column recorded_at",
            r'helpdesk.contact_journal has no column "recorded_at" \(adapter helpdesk\)\. Expected by include/sql/sources/helpdesk',
        ),
        ("drop schema helpdesk cascade", r"no table \(that this user may read\) helpdesk\.snapshots"),
    ],
)
def test_a_missing_table_or_column_stops_the_run_with_its_name(
    change: str, message: str, pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    write_world(helpdesk_dsn, world_of(STORY))
    query(helpdesk_dsn, change)
    for run in (lambda: sync(pipeline, moment("03:00")), lambda: backfill(pipeline, **SPAN)):
        with pytest.raises(SourceError, match=message):
            run()
    assert loaded_windows(audit_dsn) == []


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("postgresql://someone:secret@127.0.0.1:1/helpdesk?connect_timeout=2", r"127\.0\.0\.1:1/helpdesk"),
        ("postgresql://someone:secret@no-such-host.invalid/helpdesk", r"no-such-host\.invalid:5432/helpdesk"),
    ],
)
def test_an_unreachable_host_is_named_without_the_password(
    address: str, message: str, helpdesk_dsn: str, audit_dsn: str
) -> None:
    with pytest.raises(
        SourceError, match=rf"cannot connect to the helpdesk database {message}.*Check the connection helpdesk"
    ) as one:
        sync(new_pipeline(address, audit_dsn), moment("03:00"))
    with pytest.raises(
        AuditDatabaseError, match=rf"audit database {message}.*Check the connection contact_audit"
    ) as other:
        sync(new_pipeline(helpdesk_dsn, address), moment("03:00"))
    for caught in (one, other):
        assert "secret" not in str(caught.value)


def test_a_database_that_does_not_exist_is_named(postgres: Server, helpdesk_dsn: str, audit_dsn: str) -> None:
    nowhere = postgres.dsn("nowhere")
    with pytest.raises(SourceError, match=r'database "nowhere" does not exist.*Check the connection helpdesk'):
        sync(new_pipeline(nowhere, audit_dsn), moment("03:00"))
    with pytest.raises(
        AuditDatabaseError, match=r'database "nowhere" does not exist.*Check the connection contact_audit'
    ):
        sync(new_pipeline(helpdesk_dsn, nowhere), moment("03:00"))


def test_a_database_that_takes_no_connection_just_now_is_worth_a_retry(
    helpdesk_dsn: str, audit_dsn: str, new_database: Any
) -> None:
    full = new_database()
    name = full.rsplit("/", 1)[1].split("?")[0]
    query(full, f"create role guest_of_{name} login")
    query(full, f"alter role guest_of_{name} connection limit 0")
    guest = full.replace("postgres@", f"guest_of_{name}@")
    with pytest.raises(ConnectionLostError, match="audit database .* cannot answer now: .*too many connections"):
        sync(new_pipeline(helpdesk_dsn, guest), moment("03:00"))
    with pytest.raises(ConnectionLostError, match="helpdesk database .* cannot answer now: .*too many connections"):
        sync(new_pipeline(guest, audit_dsn), moment("03:00"))
    query(full, f"drop role guest_of_{name}")


def test_a_database_that_is_not_migrated_says_how_to(helpdesk_dsn: str, new_database: Any) -> None:
    bare = new_database()
    for run in (
        lambda: sync(new_pipeline(helpdesk_dsn, bare), moment("03:00")),
        lambda: backfill(new_pipeline(helpdesk_dsn, bare), **SPAN),
    ):
        with pytest.raises(AuditDatabaseError, match=r"is at revision none, this version needs .* Run: make migrate"):
            run()
    assert query(bare, "select * from pg_namespace where nspname = 'audit'") == []


@pytest.fixture
def with_password(postgres: Server) -> Iterator[Callable[[str], str]]:
    """A login that needs a password: pg_hba.conf says so for it alone. Gives a DSN with a wrong one."""
    (row,) = query(postgres.dsn("postgres"), "select current_setting('hba_file') as file")
    file = Path(row["file"])
    before = file.read_text()
    query(postgres.dsn("postgres"), "create role visitor login password 'right'")
    file.write_text("local all visitor scram-sha-256\n" + before)
    query(postgres.dsn("postgres"), "select pg_reload_conf()")

    def dsn(of: str) -> str:
        user = of.split("//", 1)[1].split("@", 1)[0] if "@" in of else ""
        return of.replace(f"//{user}@", "//", 1).replace("//", "//visitor:wrong@", 1)

    yield dsn
    file.write_text(before)
    query(postgres.dsn("postgres"), "select pg_reload_conf()")
    query(postgres.dsn("postgres"), "drop role visitor")


def test_a_wrong_password_fails_at_once_and_is_not_told(
    with_password: Callable[[str], str], helpdesk_dsn: str, audit_dsn: str
) -> None:
    failed = "password authentication failed for user"
    with pytest.raises(SourceError, match=rf'{failed} "visitor".*Check the connection helpdesk') as one:
        sync(new_pipeline(with_password(helpdesk_dsn), audit_dsn), moment("03:00"))
    with pytest.raises(AuditDatabaseError, match=rf'{failed} "visitor".*Check the connection contact_audit') as other:
        sync(new_pipeline(helpdesk_dsn, with_password(audit_dsn)), moment("03:00"))
    for caught in (one, other):
        assert "wrong" not in str(caught.value)
    assert loaded_windows(audit_dsn) == []


def test_a_load_that_fails_in_the_middle_leaves_nothing(pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(helpdesk_dsn, world_of(STORY))
    query(audit_dsn, "alter table audit.contacts add constraint nobody check (false)")
    with pytest.raises(AuditDatabaseError, match=r"refused: new row for relation \"contacts\""):
        backfill(pipeline, **SPAN)
    for table in ("contact_audit_log", "entries_without_event", "ledger", "field_labels"):
        assert query(audit_dsn, f"select * from audit.{table}") == []
    query(audit_dsn, "alter table audit.contacts drop constraint nobody")
    backfill(pipeline, **SPAN)
    assert len(logged(audit_dsn)) == 2


def test_a_statement_that_takes_too_long_names_the_setting(helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(helpdesk_dsn, world_of(STORY))
    with psycopg2.connect(helpdesk_dsn) as connection, connection.cursor() as cursor:
        cursor.execute("lock table helpdesk.contact_snapshots in access exclusive mode")
        with pytest.raises(SourceError, match="CONTACT_AUDIT_STATEMENT_TIMEOUT_SECONDS"):
            backfill(new_pipeline(helpdesk_dsn, audit_dsn, statement_timeout_seconds=1), **SPAN)
    connection.close()


# ---- settings and params -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"CONTACT_AUDIT_SKEW": "5"}, "CONTACT_AUDIT_SKEW is not a setting.*Valid settings: CONTACT_AUDIT_SOURCE"),
        ({"CONTACT_AUDIT_SKEW_SECONDS": "two"}, "CONTACT_AUDIT_SKEW_SECONDS='two'"),
        ({"CONTACT_AUDIT_BRAKE_SHARE": "20"}, "must be a share from 0 to 1"),
        ({"CONTACT_AUDIT_BRAKE_SHARE": "nan"}, "must be a share from 0 to 1"),
        ({"CONTACT_AUDIT_MAX_WINDOWS": "0"}, "must be a whole number, at least 1"),
    ],
)
def test_unknown_or_malformed_settings_are_refused_with_the_valid_ones(
    environment: dict[str, str], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        Settings.from_environment(environment)


def test_an_unknown_adapter_is_refused_with_the_valid_ones(helpdesk_dsn: str, audit_dsn: str) -> None:
    with pytest.raises(SettingsError, match="CONTACT_AUDIT_SOURCE='zendesk' is no adapter. Valid adapters: helpdesk"):
        new_pipeline(helpdesk_dsn, audit_dsn, source="zendesk")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"from_": "2024-03-02T00:00:00Z", "to": "2024-03-01T00:00:00Z"}, "is not before to="),
        ({"from_": "2024-03-01T00:00:00Z", "to": "2024-03-01T02:00:00Z"}, "is not before to="),
        ({"from_": "2019-09-30T21:00:00Z"}, "lies before the history; valid: 2019-10-01"),
        ({"to": "2026-01-01T03:00:00Z"}, "lies in the future.*valid: 2019-10-01"),
        ({"from_": "yesterday"}, "is no moment; valid: ISO 8601"),
        ({"chunk": "hour"}, "is no chunk size; valid: auto, day, week, month, year"),
        ({"max_parallel": 0}, "valid: 1 to 64"),
        ({"force": "yes"}, "is neither true nor false"),
        ({"decisions": {"2": "maybe: why"}}, "decisions must map capture ids"),
        ({"decisions": {"2": "accept"}}, "decisions must map capture ids"),
    ],
)
def test_a_backfill_that_cannot_be_done_is_refused_with_the_valid_range(
    params: dict[str, Any], message: str, pipeline: Pipeline, audit_dsn: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        backfill(pipeline, **params)
    assert loaded_windows(audit_dsn) == []


def test_a_moment_off_the_border_is_floored_and_said(pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(helpdesk_dsn, world_of(STORY))
    report = backfill(pipeline, from_="2024-03-01T02:59:00+01:00", to="2024-03-01T05:59:59")
    assert loaded_windows(audit_dsn) == [moment("03:00")]
    assert report.notes == [
        "from=2024-03-01T02:59:00+01:00 is not on a window border; taking 2024-03-01T00:00:00+00:00",
        "to=2024-03-01T05:59:59 is not on a window border; taking 2024-03-01T03:00:00+00:00",
    ]
