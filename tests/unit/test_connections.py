"""Connections as people write them: what libpq gets is what was written, by URI, by JSON and by Airflow; the rest is refused by name."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg2.extensions import parse_dsn

from contact_audit.connections import dsn_from_uri, dsn_of, libpq_uri, where, with_option
from contact_audit.errors import SettingsError

PRINTABLE = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30)
OPTIONS = {
    "sslmode": "verify-full", "sslrootcert": "/etc/ssl/my ca.pem", "sslcert": "c", "sslkey": "k", "options": "-c search_path=a,b -c x='1'",
    "keepalives": 1, "keepalives_idle": 60, "connect_timeout": "10", "target_session_attrs": "read-write", "application_name": "x y",
    "gssencmode": "disable", "passfile": "/run/secrets/pgpass",
}  # fmt: skip


@settings(deadline=None)
@given(user=PRINTABLE, password=PRINTABLE, database=PRINTABLE, option=PRINTABLE)
def test_every_printable_character_reaches_libpq(user: str, password: str, database: str, option: str) -> None:
    extra = {"application_name": option}
    wanted = {
        "host": "db",
        "port": "5433",
        "user": user,
        "password": password,
        "dbname": database,
        "application_name": option,
    }
    assert parse_dsn(libpq_uri("db", 5433, user, password, database, extra)) == wanted
    encoded = [quote(text, safe="") for text in (user, password, database, option)]
    assert parse_dsn(dsn_from_uri("postgres://{}:{}@db:5433/{}?application_name={}".format(*encoded))) == wanted
    as_json = {
        "conn_type": "postgres",
        "host": "db",
        "port": 5433,
        "login": user,
        "password": password,
        "schema": database,
    }
    assert parse_dsn(dsn_from_uri(json.dumps(as_json | {"extra": extra}))) == wanted
    assert parse_dsn(dsn_from_uri(json.dumps(as_json | {"extra": json.dumps(extra)}))) == wanted


@settings(deadline=None)
@given(user=PRINTABLE, password=PRINTABLE, database=PRINTABLE, option=PRINTABLE)
def test_airflow_and_make_come_to_the_same_address(user: str, password: str, database: str, option: str) -> None:
    from airflow.models.connection import Connection

    connection = Connection(
        conn_type="postgres", host="db", port=5433, login=user, password=password, schema=database,
        extra=json.dumps({"application_name": option, "keepalives": 1}),
    )  # fmt: skip
    assert dsn_from_uri(connection.get_uri()) == dsn_of(connection)
    assert dsn_of(Connection(uri=connection.get_uri())) == dsn_of(connection)


@pytest.mark.parametrize(
    ("places", "host", "port", "shown"),
    [
        ("db", "db", None, "db:5432/d"),
        ("db:6432", "db", "6432", "db:6432/d"),
        ("one:5432,two:5433", "one,two", "5432,5433", "one:5432,two:5433/d"),
        ("one,two:5433", "one,two", ",5433", "one:5432,two:5433/d"),
        ("one,two", "one,two", None, "one:5432,two:5432/d"),
        ("[::1]", "::1", None, "[::1]:5432/d"),
        ("[2001:db8::7]:5433", "2001:db8::7", "5433", "[2001:db8::7]:5433/d"),
        ("[::1]:1,db:2", "::1,db", "1,2", "[::1]:1,db:2/d"),
        ("%2Ftmp%2FSock", "/tmp/Sock", None, "/tmp/Sock:5432/d"),
        ("", None, None, "localhost:5432/d"),
    ],
)
def test_hosts_and_ports_as_they_are_written(places: str, host: str | None, port: str | None, shown: str) -> None:
    dsn = dsn_from_uri(f"postgresql://u:p@{places}/d")
    told = parse_dsn(dsn)
    assert (told.get("host"), told.get("port"), told["user"], told["dbname"]) == (host, port, "u", "d")
    assert where(dsn) == shown


@pytest.mark.parametrize(
    "uri", ["postgresql:///d?host=/tmp/x&port=5433&user=u", "postgresql://u@/d?host=/tmp/x&port=5433"]
)
def test_parts_in_the_query_count_as_they_do_for_libpq(uri: str) -> None:
    assert parse_dsn(dsn_from_uri(uri)) == {"host": "/tmp/x", "port": "5433", "user": "u", "dbname": "d"}


def test_every_option_of_libpqs_in_the_extra_is_used() -> None:
    told = parse_dsn(libpq_uri("db", None, "u", None, "d", OPTIONS))
    assert {name: told[name] for name in OPTIONS} == {name: str(value) for name, value in OPTIONS.items()}


def test_every_extra_that_airflows_own_hook_keeps_is_known() -> None:
    from airflow.providers.postgres.hooks.postgres import PostgresHook

    for name in PostgresHook.ignored_extra_options:
        assert parse_dsn(libpq_uri("db", None, "u", None, "d", {name: False})) == {
            "host": "db",
            "user": "u",
            "dbname": "d",
        }


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({"iam": True}, "iam is not supported"),
        ({"iam": "true"}, "iam is not supported"),
        ({"redshift": True}, "redshift is not supported"),
        ({"redshift-serverless": 1}, "redshift-serverless is not supported"),
        ({"sslmod": "require"}, "sslmod is no option that libpq knows"),
        ({"options": {"search_path": "x"}}, "options must be text or a number"),
        ({"sslrootcert": "a\0b"}, "sslrootcert holds a NUL character"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name_and_without_the_password(extra: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message) as refused:
        libpq_uri("db", 5432, "u", "a-secret", "d", extra)
    assert "a-secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("postgres://u:p@db:http/d", "port 'http' is no number"),
        ("postgres://u:a/secret@db/d", "is no number"),
        ('{"host": "db", "password": "a-secret"', "cannot be read"),
        ("postgres://u:p@db/d?__extra__=%7B", "__extra__ is no JSON"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as refused:
        dsn_from_uri(text)
    assert "a-secret" not in str(refused.value)


def test_an_option_more_keeps_those_that_are_there() -> None:
    dsn = libpq_uri("a,b", "1,2", "me", "p w'&", "db", {"options": "-c x='1 2'", "sslmode": "prefer"})
    assert parse_dsn(with_option(dsn, "y=off")) == parse_dsn(dsn) | {"options": "-c x='1 2' -c y=off"}
