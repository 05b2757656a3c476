"""What loads lock: nobody who may only read can take it, and a load that waits says for whom."""

import logging
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import psycopg2
import pytest
from psycopg2.extensions import cursor as Cursor

from contact_audit.log.audit_log import AuditLog
from contact_audit.windows import HISTORY_START, Window, floor_border
from tests.support.runs import query

WINDOWS = [Window(floor_border(datetime(2024, 11, 5, tzinfo=UTC)))]


@pytest.fixture
def as_reader(audit_dsn: str) -> Iterator[Cursor]:
    with closing(psycopg2.connect(audit_dsn)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("set role contact_audit_reader")
            yield cursor


@pytest.mark.parametrize(
    "lock",
    [
        "select 1 from audit.locks for update",
        "select 1 from audit.locks for key share",
        "lock table audit.locks in row share mode",
        "lock table audit.locks in access share mode",
        "lock table audit.ledger in exclusive mode",
        "lock table audit.schema_version in row share mode",
        "lock table captures.held in row share mode",
        "select 1 from audit.ledger for share",
        "select audit.count_days()",
    ],
)
def test_a_reader_can_take_none_of_them(as_reader: Cursor, lock: str) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        as_reader.execute(f"begin; {lock}")


def test_no_load_waits_for_a_lock_that_anybody_may_take(audit_dsn: str) -> None:
    functions = query(
        audit_dsn,
        "select p.proname from pg_proc as p where p.prosrc ilike '%%advisory%%' and p.pronamespace = 'audit'::regnamespace",
    )
    assert functions == []
    from contact_audit.sql import SQL_FOLDER

    frozen = SQL_FOLDER / "audit" / "revisions"
    run = [path for path in SQL_FOLDER.rglob("*.sql") if frozen not in path.parents]
    assert len(run) > 100
    assert [path.name for path in run if "advisory_" in path.read_text()] == []


def test_a_month_has_one_writer_at_a_time_and_other_months_do_not_wait(audit_dsn: str) -> None:
    with closing(psycopg2.connect(audit_dsn)) as one, closing(psycopg2.connect(audit_dsn)) as other:
        AuditLog(one).lock(WINDOWS)
        AuditLog(other).lock([Window(HISTORY_START)])
        with other.cursor() as cursor, pytest.raises(psycopg2.errors.LockNotAvailable):
            cursor.execute("set local lock_timeout = 200; select 1 from audit.locks where purpose = 'month' for update")


def test_a_load_that_waits_says_for_whom_and_since_when(audit_dsn: str, caplog: pytest.LogCaptureFixture) -> None:
    with (
        closing(psycopg2.connect(audit_dsn, application_name="contact_audit of tonight")) as holding,
        closing(psycopg2.connect(audit_dsn)) as waiting,
        caplog.at_level(logging.INFO),
    ):
        AuditLog(holding).lock(WINDOWS)
        thread = threading.Thread(target=lambda: AuditLog(waiting).lock(WINDOWS))
        thread.start()
        while thread.is_alive() and not caplog.records:
            thread.join(0.1)
        holding.rollback()
        thread.join()
        with waiting.cursor() as cursor:
            cursor.execute("show lock_timeout")
            assert cursor.fetchone() == ("0",)
    (said,) = [record.getMessage() for record in caplog.records]

    assert said.startswith("waits for the load of the same months by contact_audit of tonight (process ")
    assert f"since {datetime.now(UTC):%Y-%m-%d}" in said


def test_a_load_that_waits_for_nobody_says_nothing(audit_dsn: str, caplog: pytest.LogCaptureFixture) -> None:
    with closing(psycopg2.connect(audit_dsn)) as connection, caplog.at_level(logging.INFO):
        AuditLog(connection).lock(WINDOWS)
    assert caplog.records == []
