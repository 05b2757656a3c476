"""Texts of all alphabets, whatever the databases' encodings are and whatever a client would ask for: right, or refused by name."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest

from contact_audit.errors import AuditDatabaseError, SourceError
from contact_audit.local.embedded import Server
from contact_audit.sql import statement
from tests.conftest import _execute
from tests.support.compact import _text, expected, logged, moment, world_of
from tests.support.runs import backfill, new_pipeline, query, sync
from tests.support.worlds import write_world

SPAN = {"from_": moment("-3:00").isoformat(), "to": moment("12:00").isoformat()}
KEYS = ("tariffa_é", "名前", "piano%s", "o'clock\\")
MANY = range(1, 13)


def _fill(dsn: str, values: dict[str, str]) -> None:
    """Twelve contacts of one account with these fields at midnight, and without any at three and at six."""
    world: dict[str, Any] = {"snapshots": [], "contact_snapshots": [], "contact_journal": []}
    for number, fields in ((1, values), (2, {}), (3, {})):
        at = moment(f"{3 * (number - 1)}:00").isoformat()
        world["snapshots"].append({"snapshot_id": number, "captured_at": at, "kind": "full"})
        for contact_id in MANY:
            row = {
                "snapshot_id": number,
                "contact_id": contact_id,
                "account_id": 1,
                "created_at": None,
                "deleted": False,
            }
            row |= {"name": f"c{contact_id}", "email": None, "primary_phone": None, "custom_fields": fields}
            world["contact_snapshots"].append(row)
    world["custom_fields"] = [
        {"account_id": 1, "field_key": key, "label": f"{key} ☎" if key == "名前" else key, "field_type": "text"}
        for key in values
    ]
    write_world(dsn, world)


@pytest.fixture
def other(postgres: Server, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of the encoding that the test asks for."""
    encoding = request.param
    name = f"other_{encoding.lower()}"
    with closing(psycopg2.connect(postgres.dsn("postgres"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(
                f"create database {name} encoding '{encoding}' locale_provider libc locale 'C' template template0"
            )
    yield postgres.dsn(name)
    _execute(postgres, "drop database {} with (force)", name)


@pytest.mark.parametrize("client", [None, "LATIN1", "EUC_JP", "SQL_ASCII"])
def test_fields_of_any_alphabet_that_disappear_from_all_contacts_stop_no_load(
    client: str | None, helpdesk_dsn: str, audit_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(helpdesk_dsn, {key: f"{key} ☎" for key in KEYS})
    if client:
        monkeypatch.setenv("PGCLIENTENCODING", client)
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn)
    sync(pipeline, moment("03:00"))
    report = backfill(pipeline, **SPAN)
    sync(pipeline, moment("06:00"))
    backfill(pipeline, force=True, **SPAN)
    monkeypatch.delenv("PGCLIENTENCODING", raising=False)
    assert report.events == 0
    rows = query(audit_dsn, "select kind, field, contacts from audit.schema_changes")
    assert sorted(tuple(row.values()) for row in rows) == sorted(
        ("disappeared", f"custom_fields.{key}", len(MANY)) for key in KEYS
    )
    rows = query(audit_dsn, "select field, old, new from audit.schema_change_values where contact_id = '7'")
    assert {row["field"]: row["old"] for row in rows} == {f"custom_fields.{key}": f"{key} ☎" for key in KEYS}
    (row,) = query(audit_dsn, "select label from audit.field_labels where field = 'custom_fields.名前'")
    assert row["label"] == "名前 ☎"


@pytest.mark.parametrize("other", ["LATIN1", "LATIN9", "WIN1252", "EUC_JP"], indirect=True)
def test_a_helpdesk_of_another_encoding_is_read_right(other: str, audit_dsn: str) -> None:
    query(other, statement("helpdesk/schema"))
    text = "名前" if "euc" in other else "René"
    money = "€" if "latin9" in other or "win1252" in other else "x"
    write_world(
        other,
        world_of(
            f"00:00 capture name={text} {text}=a\n 01:00 update #1 ann name:{text}>{text}{money}\n 03:00 capture name={text}{money}\n"
            f" 06:00 capture name={money}"
        ),
    )
    pipeline = new_pipeline(other, audit_dsn)
    backfill(pipeline, **SPAN)
    sync(pipeline, moment("06:00"))
    assert logged(audit_dsn) == expected(
        f"""
        03:00/1 [1-2] update 01:00 ann recorded #1: name {text}>{_text(text + money)}
        03:00/2 [1-2] update 00:00..03:00 ? unattributed -: {text} a>null
        06:00/1 [2-3] update 03:00..06:00 ? unattributed -: name {_text(text + money)}>{_text(money)}
        """
    )


@pytest.mark.parametrize("other", ["LATIN1", "SQL_ASCII"], indirect=True)
def test_an_audit_database_that_cannot_hold_all_texts_is_refused_by_its_encoding(other: str, helpdesk_dsn: str) -> None:
    _fill(helpdesk_dsn, {"名前": "René"})
    with pytest.raises(AuditDatabaseError, match=r"stores text in (LATIN1|SQL_ASCII)"):
        backfill(new_pipeline(helpdesk_dsn, other), **SPAN)
    assert query(other, "select 1 from pg_namespace where nspname = 'audit'") == []


@pytest.mark.parametrize("other", ["SQL_ASCII"], indirect=True)
def test_a_helpdesk_that_does_not_say_its_encoding_is_refused_though_its_rows_are_there(
    other: str, audit_dsn: str
) -> None:
    query(other, statement("helpdesk/schema"))
    write_world(other, world_of("00:00 capture name=Ann\n 03:00 capture name=Bo"))
    query(other, "update helpdesk.contact_snapshots set name = E'Ren\\351'")
    with pytest.raises(SourceError, match="has the encoding SQL_ASCII"):
        backfill(new_pipeline(other, audit_dsn), **SPAN)
