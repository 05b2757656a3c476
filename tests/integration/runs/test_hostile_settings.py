"""Whatever a role, a database or a server is set to: the same rows, or one of our own messages before anything is written."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest

from contact_audit.act.choice import Choice
from contact_audit.act.reading import reading
from contact_audit.database import audit_connection
from contact_audit.errors import AuditDatabaseError, ConnectionLostError, PassingError
from contact_audit.local.embedded import Server
from contact_audit.log.verify import verify
from contact_audit.runs.pipeline import Pipeline
from tests.conftest import NewDatabase, _execute
from tests.support.runs import backfill, new_pipeline, query, stored, sync
from tests.support.worlds import START, random_world, write_world

SPAN = {"from_": "2019-10-01T00:00:00Z", "to": "2019-10-02T06:00:00Z"}
Rows = dict[str, list[dict[str, Any]]]

_OFF = {
    f"enable_{name}": "off"
    for name in (
        *(
            "hashjoin",
            "mergejoin",
            "nestloop",
            "hashagg",
            "sort",
            "seqscan",
            "indexscan",
            "indexonlyscan",
            "bitmapscan",
        ),
        *("material", "memoize", "incremental_sort", "tidscan", "partition_pruning", "parallel_hash", "gathermerge"),
    )
}
# Each set takes one of every kind, so that a few loads try them all.
SETTINGS: dict[str, dict[str, str]] = {
    "texts": {
        "client_encoding": "LATIN1",
        "bytea_output": "escape",
        "standard_conforming_strings": "off",
        "backslash_quote": "on",
        "escape_string_warning": "on",
        "quote_all_identifiers": "on",
        "array_nulls": "off",
        "transform_null_equals": "on",
        "xmloption": "document",
        "xmlbinary": "hex",
        "default_text_search_config": "pg_catalog.german",
        "default_toast_compression": "pglz",
        "client_min_messages": "debug1",
        "application_name": "é",
        "check_function_bodies": "off",
        "lo_compat_privileges": "on",
    },
    "moments and numbers": {
        "client_encoding": "EUC_JP",
        "datestyle": "German, DMY",
        "intervalstyle": "sql_standard",
        "timezone": "Asia/Kathmandu",
        "timezone_abbreviations": "India",
        "extra_float_digits": "-15",
        "lc_messages": "C.UTF-8",
        "lc_monetary": "C.UTF-8",
        "lc_numeric": "C.UTF-8",
        "lc_time": "C.UTF-8",
    },
    "names and rights": {
        "client_encoding": "SQL_ASCII",
        "search_path": "hostile, pg_catalog",
        "row_security": "off",
        "datestyle": "SQL, MDY",
        "intervalstyle": "postgres_verbose",
        "default_transaction_isolation": "serializable",
        "default_transaction_deferrable": "on",
    },
    "plans": {
        **_OFF,
        "default_transaction_isolation": "repeatable read",
        "gin_fuzzy_search_limit": "1",
        "geqo_threshold": "2",
        "from_collapse_limit": "1",
        "join_collapse_limit": "1",
        "work_mem": "64kB",
        "plan_cache_mode": "force_generic_plan",
        "constraint_exclusion": "off",
        "cursor_tuple_fraction": "0",
        "random_page_cost": "1000",
        "synchronize_seqscans": "on",
    },
    "parallel plans": {
        "debug_parallel_query": "on",
        "parallel_setup_cost": "0",
        "parallel_tuple_cost": "0",
        "min_parallel_table_scan_size": "0",
        "min_parallel_index_scan_size": "0",
        "max_parallel_workers_per_gather": "4",
        "parallel_leader_participation": "off",
        "jit": "on",
        "jit_above_cost": "0",
        "default_transaction_isolation": "read uncommitted",
        "statement_timeout": "5min",
        "lock_timeout": "5min",
        "idle_in_transaction_session_timeout": "5min",
        "transaction_timeout": "10min",
        "idle_session_timeout": "5min",
        "synchronous_commit": "off",
    },
}
# What a name would find first along that path, if it were looked up there.
_DECOYS = """
create schema hostile;
create function hostile.never(text, text) returns boolean language sql immutable as 'select false';
create function hostile.never(bigint, bigint) returns boolean language sql immutable as 'select false';
create function hostile.never(timestamptz, timestamptz) returns boolean language sql immutable as 'select false';
create operator hostile.= (leftarg = text, rightarg = text, function = hostile.never);
create operator hostile.= (leftarg = bigint, rightarg = bigint, function = hostile.never);
create operator hostile.<= (leftarg = timestamptz, rightarg = timestamptz, function = hostile.never);
create function hostile.now() returns timestamptz language sql as 'select ''2001-01-01''::timestamptz';
create function hostile.lower(text) returns text language sql as 'select ''x''';
create function hostile.to_jsonb(anyelement) returns jsonb language sql as 'select ''"x"''::jsonb';
create table hostile.contact_audit_log (event_id uuid);
create table hostile.contact_snapshots (snapshot_id bigint);
grant usage on schema hostile to public
"""


def _name(dsn: str) -> str:
    return urlsplit(dsn).path.lstrip("/")


def _set(dsn: str, settings: dict[str, str]) -> None:
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        for name, value in settings.items():
            # a list is no text
            given = value if name in ("search_path", "datestyle") else f"'{value}'"
            cursor.execute(f"alter database {_name(dsn)} set {name} = {given}")
    connection.close()


def _reset(dsn: str, postgres: Server) -> None:
    _execute(postgres, "alter database {} reset all", _name(dsn))


def _world() -> dict[str, Any]:
    """Small, with a bit of everything; field keys and texts of several alphabets, numbers that need their digits."""
    world = random_world(6, contacts=5, captures=6, hardness=0.8)
    for row in world["contact_snapshots"]:
        row["name"] = None if row["name"] is None else f"{row['name']} \\' René 名前"
        row["custom_fields"] = {**row["custom_fields"], "tariffa_é": row["snapshot_id"] / 3, "名前": "\\x41"}
    return world


def _read(dsn: str) -> list[dict[str, Any]]:
    """What the product itself reads of a log: every step of every contact, with the reader's rights."""
    with reading(dsn) as ask:
        rows = ask("undo_steps", **Choice.of({}).parameters())
        rows += ask("undo_states", contacts=[row["contact_id"] for row in rows])
    return sorted(rows, key=repr)


def _look(pipeline: Pipeline) -> None:
    """Another sync: its own window, and whatever seems to have changed."""
    plan, report = sync(pipeline, START.replace(hour=9))
    assert (report.superseded, report.evidence_lost) == (0, {}), plan


@pytest.fixture(scope="module")
def plain(
    postgres: Server, _helpdesk_template: str, _audit_template: str
) -> Iterator[tuple[str, str, Rows, list[dict[str, Any]]]]:
    """A helpdesk; the name of a log of it that was loaded without any such setting; its rows, and what is read of it."""
    for name, template in (("hostile_helpdesk", _helpdesk_template), ("hostile_plain", _audit_template)):
        _execute(postgres, "create database {} template {}", name, template)
    helpdesk, audit = postgres.dsn("hostile_helpdesk"), postgres.dsn("hostile_plain")
    write_world(helpdesk, _world())
    query(helpdesk, _DECOYS)
    query(audit, _DECOYS)
    pipeline = new_pipeline(helpdesk, audit, brake_share=1.0)
    backfill(pipeline, **SPAN)
    rows = stored(audit)
    assert len(rows["contact_audit_log"]) > 15
    assert any("名前" in str(row["changes"]) for row in rows["contact_audit_log"])
    yield helpdesk, "hostile_plain", rows, _read(audit)
    for name in ("hostile_helpdesk", "hostile_plain"):
        _execute(postgres, "drop database {} with (force)", name)


@pytest.mark.parametrize("named", SETTINGS)
def test_no_setting_of_a_database_changes_a_row(
    named: str, plain: Any, postgres: Server, new_database: NewDatabase, _audit_template: str
) -> None:
    helpdesk, loaded, rows, read = plain
    fresh, again = new_database(_audit_template), new_database(loaded)
    query(fresh, _DECOYS)
    every = (helpdesk, fresh, again)
    try:
        for dsn in every:
            _set(dsn, SETTINGS[named])
        backfill(new_pipeline(helpdesk, fresh, brake_share=1.0), **SPAN)
        _look(new_pipeline(helpdesk, fresh, brake_share=1.0))
        _look(new_pipeline(helpdesk, again, brake_share=1.0))
        found = _read(fresh)
        touched = verify(again)[1]
    finally:
        for dsn in every:
            _reset(dsn, postgres)
    assert stored(fresh) == rows
    assert stored(again) == rows
    assert found == read
    assert touched == [] == verify(fresh)[1]


def test_a_roles_settings_count_as_little(plain: Any, postgres: Server, audit_dsn: str) -> None:
    helpdesk, _, rows, _ = plain
    every: dict[str, str] = {}
    for some in SETTINGS.values():
        every |= {name: value for name, value in some.items() if name not in ("search_path", *_OFF)}
    query(postgres.dsn("postgres"), "create role hostile_role superuser login")
    try:
        for name, value in every.items():
            given = value if name == "datestyle" else f"'{value}'"
            query(postgres.dsn("postgres"), f"alter role hostile_role set {name} = {given}")
        by_role = [dsn.replace("postgres@", "hostile_role@", 1) for dsn in (helpdesk, audit_dsn)]
        backfill(new_pipeline(*by_role, brake_share=1.0), **SPAN)
    finally:
        _execute(postgres, "drop role {}", "hostile_role")
    assert stored(audit_dsn) == rows


@pytest.mark.parametrize(
    ("settings", "error", "told"),
    [
        ({"default_transaction_read_only": "on"}, AuditDatabaseError, "takes no writes: a standby, or a user whose"),
        (
            {"session_replication_role": "replica"},
            AuditDatabaseError,
            "triggers that keep the ledger and the feed would",
        ),
        ({"statement_timeout": "1"}, AuditDatabaseError, "longer than the server's own statement_timeout"),
        # Whether libpq hears why, or only that, is a matter of microseconds.
        (
            {"idle_in_transaction_session_timeout": "1"},
            (AuditDatabaseError, ConnectionLostError),
            "session_timeout|broke",
        ),
        ({"transaction_timeout": "1"}, (AuditDatabaseError, ConnectionLostError), "transaction_timeout|broke"),
        ({"temp_file_limit": "0", "work_mem": "64kB"}, PassingError, ""),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_keeps_a_load_from_writing_is_told_and_nothing_is_written(
    settings: dict[str, str], error: Any, told: str, plain: Any, postgres: Server, audit_dsn: str
) -> None:
    helpdesk = plain[0]
    _set(audit_dsn, settings)
    try:
        if error is PassingError:  # only where a load is larger than this one
            with (
                pytest.raises(PassingError, match="limit of its configuration"),
                audit_connection(audit_dsn) as connection,
            ):
                connection.cursor().execute(
                    "create temp table t as select n from generate_series(1, 99999) n order by -n"
                )
        else:
            with pytest.raises(error, match=told):
                backfill(new_pipeline(helpdesk, audit_dsn, brake_share=1.0), **SPAN)
    finally:
        _reset(audit_dsn, postgres)
    assert query(audit_dsn, "select * from audit.contact_audit_log") == []
    assert query(audit_dsn, "select * from audit.ledger") == []


def test_who_has_waited_sees_what_was_written_meanwhile(audit_dsn: str, postgres: Server) -> None:
    """A load that waits for another's lock must not go on by what it saw before."""
    _set(audit_dsn, {"default_transaction_isolation": "serializable"})
    with audit_connection(audit_dsn) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from audit.source")
        assert cursor.fetchone() == (0,)
        query(audit_dsn, "insert into audit.source (adapter) values ('helpdesk')")
        cursor.execute("select count(*) from audit.source")
        assert cursor.fetchone() == (1,)
