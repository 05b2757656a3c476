"""Migrations of the audit database: whole or not at all, once."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest

from contact_audit import sql
from contact_audit.errors import AuditDatabaseError
from contact_audit.log import migrations
from tests.conftest import NewDatabase


def ask(dsn: str, question: str) -> Any:
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchall()


REVISIONS = sql.SQL_FOLDER / "audit" / "revisions"
RELATIONS = "select relname from pg_class where relnamespace = 'audit'::regnamespace order by 1"


def files_that_do_nothing(folder: Path) -> Path:
    """The files that revisions may execute, each with nothing to do."""
    for path in REVISIONS.glob("*/*.sql"):
        copy = folder / "audit" / "revisions" / path.parent.name / path.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text("select 1")
    return folder / "audit" / "revisions" / "0001"


@pytest.mark.parametrize("revision", sorted(path.name for path in REVISIONS.iterdir()))
def test_a_revision_owns_its_sql_and_never_changes_it(revision: str) -> None:
    """A database that was upgraded yesterday and one made today must be the same: `sha256sum *.sql` of each revision is kept."""
    folder = REVISIONS / revision
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.sql")}
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    assert {name: digest for digest, name in map(str.split, lines)} == found


def test_a_fresh_database_has_no_revision(new_database: NewDatabase) -> None:
    assert migrations.current(new_database()) is None


def test_an_upgrade_goes_to_the_newest_revision(new_database: NewDatabase) -> None:
    dsn = new_database()
    assert migrations.upgrade(dsn) == migrations.head() == migrations.current(dsn)
    assert {"contact_audit_log", "ledger", "contact_activity", "sync_status"} <= {
        name for (name,) in ask(dsn, RELATIONS)
    }


def test_upgrading_again_changes_nothing(new_database: NewDatabase) -> None:
    dsn = new_database()
    migrations.upgrade(dsn)
    everything = "select oid, relname, relfilenode from pg_class order by 1"
    before = ask(dsn, everything)
    assert migrations.upgrade(dsn) == migrations.head()
    assert ask(dsn, everything) == before


def test_everything_is_in_the_schema_audit(new_database: NewDatabase) -> None:
    dsn = new_database()
    migrations.upgrade(dsn)
    assert ask(dsn, "select relname from pg_class where relnamespace = 'public'::regnamespace") == []


def test_an_upgrade_that_fails_leaves_nothing(
    new_database: NewDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = files_that_do_nothing(tmp_path)
    (folder / "schema.sql").write_text("create table audit.half (number int)")
    (folder / "views.sql").write_text("create view audit.wrong as select * from audit.missing")
    monkeypatch.setattr(sql, "SQL_FOLDER", tmp_path)
    sql.statement.cache_clear()
    dsn = new_database()
    try:
        with pytest.raises(AuditDatabaseError, match=r"audit\.missing"):
            migrations.upgrade(dsn)
    finally:
        sql.statement.cache_clear()
    assert ask(dsn, "select to_regnamespace('audit')") == [(None,)]


def test_files_are_executed_as_they_are(
    new_database: NewDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = files_that_do_nothing(tmp_path)
    function = "create function audit.spelled() returns text language sql return 'a:b %(c)s %% $1'"
    body = "do $do$ begin perform format('%s %%', 1); end $do$"
    (folder / "schema.sql").write_text(f"-- 100 %\n{function};\n{body};")
    monkeypatch.setattr(sql, "SQL_FOLDER", tmp_path)
    sql.statement.cache_clear()
    dsn = new_database()
    try:
        migrations.upgrade(dsn)
    finally:
        sql.statement.cache_clear()
    assert ask(dsn, "select audit.spelled()") == [("a:b %(c)s %% $1",)]


def test_two_upgrades_at_once_both_succeed(new_database: NewDatabase) -> None:
    dsn = new_database()
    command = "from contact_audit.log import migrations; import sys; print(migrations.upgrade(sys.argv[1]))"
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: _python(command, dsn), range(2)))
    assert done == [migrations.head()] * 2


def test_nobody_who_may_only_read_keeps_an_upgrade_waiting(audit_dsn: str) -> None:
    """Advisory locks are open to all; and of the locks that a reader can take, none is in the way of an upgrade with nothing to do."""
    assert "advisory" not in Path(migrations.__file__).read_text()
    with closing(psycopg2.connect(audit_dsn)) as reader, reader.cursor() as cursor:
        cursor.execute("set role contact_audit_reader")
        cursor.execute("select pg_advisory_xact_lock(5920191001)")
        cursor.execute("select * from audit.contact_activity")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("savepoint s; lock table audit.schema_version in row share mode")
        cursor.execute("rollback to s")
        assert migrations.upgrade(audit_dsn, waits=5) == migrations.head()


def test_an_upgrade_that_waits_in_vain_says_for_whom_and_changes_nothing(audit_dsn: str) -> None:
    with (
        closing(psycopg2.connect(audit_dsn, application_name="another upgrade")) as holding,
        holding.cursor() as cursor,
    ):
        cursor.execute(sql.statement("audit/migrate/lock"))
        told = rf"waited 0\.3 seconds for a lock.*process {holding.info.backend_pid} \(postgres, another upgrade, since .*make migrate"
        with pytest.raises(AuditDatabaseError, match=told):
            migrations.upgrade(audit_dsn, waits=0.3)
    assert migrations.upgrade(audit_dsn, waits=0.3) == migrations.head()


def test_an_upgrade_that_a_long_reader_keeps_from_altering_says_so(
    audit_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic import command

    def alter(config: Any, _: str) -> None:
        config.attributes["connection"].exec_driver_sql("alter table audit.contact_audit_log add column more integer")

    monkeypatch.setattr(command, "upgrade", alter)
    with closing(psycopg2.connect(audit_dsn, application_name="a long report")) as reader, reader.cursor() as cursor:
        cursor.execute("select * from audit.contact_audit_log")
        with pytest.raises(AuditDatabaseError, match=r"a long report, since "):
            migrations.upgrade(audit_dsn, waits=0.3)
    assert ask(audit_dsn, "select 1 from pg_attribute where attname = 'more' and attnum > 0") == []


def test_an_address_where_nobody_answers_is_one_clear_error() -> None:
    with pytest.raises(AuditDatabaseError, match=r"localhost:1/audit.*Check the connection contact_audit") as caught:
        migrations.upgrade("postgresql://someone:secret@localhost:1/audit")
    assert "secret" not in str(caught.value)


def _python(code: str, *arguments: str) -> str:
    import subprocess
    import sys

    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_a_database_that_cannot_hold_every_text_is_refused_before_anything_is_written(new_database: Any) -> None:
    dsn = new_database()
    name = urlsplit(dsn).path.lstrip("/")
    with closing(psycopg2.connect(dsn.replace(f"/{name}?", "/postgres?"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"drop database {name}")
            cursor.execute(
                f"create database {name} encoding 'LATIN1' locale_provider libc locale 'C' template template0"
            )
    for step in (migrations.upgrade, migrations.current):
        with pytest.raises(AuditDatabaseError, match="stores text in LATIN1.*encoding 'UTF8'"):
            step(dsn)
    assert ask(dsn, "select 1 from pg_namespace where nspname = 'audit'") == []
