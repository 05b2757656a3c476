"""Connections as the DAGs' tasks get them: what Airflow reads, and what it cannot read and we can."""

import json

import pytest
from psycopg2.extensions import parse_dsn

from contact_audit.connections import dsn_from_uri
from contact_audit.errors import SourceError
from contact_audit.runs import tasks
from contact_audit.web.reading import airflow_address

WRITTEN = [
    "postgresql://me:p%40s@db:5433/desk?sslmode=prefer",
    "postgresql://me:p%40s@one:5432,two:5433/desk?target_session_attrs=read-write",
    "postgresql://me:p%40s@[::1]:5433/desk",
    "postgresql://me:p%40s@[::1]:5432,[fe80::2]:5433/desk",
    json.dumps({"conn_type": "postgres", "host": "one,two", "port": 5433, "login": "me", "schema": "desk"}),
]


@pytest.mark.parametrize("written", WRITTEN)
def test_a_task_and_make_come_to_the_same_address(written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_HELPDESK", written)
    found = tasks._dsn("helpdesk", SourceError)
    assert parse_dsn(found) == parse_dsn(dsn_from_uri(written))
    assert parse_dsn(found)["user"] == "me"


@pytest.mark.parametrize("written", WRITTEN)
def test_the_page_and_make_come_to_the_same_address(written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_CONTACT_AUDIT", written)
    assert parse_dsn(airflow_address()) == parse_dsn(dsn_from_uri(written))


def test_a_connection_that_is_not_there_is_told_with_where_to_define_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_HELPDESK", raising=False)
    monkeypatch.setattr(tasks.BaseHook, "get_connection", _missing)
    with pytest.raises(SourceError, match=r"no connection helpdesk.*AIRFLOW_CONN_HELPDESK"):
        tasks._dsn("helpdesk", SourceError)


def _missing(name: str) -> None:
    raise tasks.AirflowNotFoundException(name)
