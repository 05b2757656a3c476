"""The grants that docs/helpdesks.md gives, for each helpdesk: with them, and no more, the adapter reads everything."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from contact_audit.local.embedded import Server
from contact_audit.settings import Settings
from contact_audit.sources import ADAPTERS, open_source
from contact_audit.sources.store import LiveSource
from tests.conftest import NewDatabase
from tests.support.dumps import psql, restore
from tests.support.runs import query

_PAGE = Path(__file__).resolve().parents[4] / "docs" / "helpdesks.md"
_DUMPS = {
    "Request Tracker": ("request_tracker", "request_tracker/after.sql", 69, 161),
    "Zammad": ("zammad", "zammad/schema.sql", 8, 0),
    "Chatwoot": ("chatwoot", "chatwoot/schema.sql", 4, 0),
    "Roundup": ("roundup", "roundup/after.sql", 12, 35),
    "Odoo": ("odoo", "odoo/schema.sql", 5, 0),
}
_NOT_DUMPED = """
create table acl (principaltype text, principalid integer, rightname text);
create table attributes (name text, content text, objecttype text, objectid integer);
"""
_ROLE = "reader_by_the_page"


@pytest.fixture
def role(postgres: Server) -> Iterator[str]:
    """The reading user's name; who it is, is gone after the test."""
    yield _ROLE
    query(postgres.dsn("postgres"), f"drop role if exists {_ROLE}")


@pytest.mark.parametrize("title", _DUMPS)
def test_the_grants_of_the_page_suffice(title: str, new_database: NewDatabase, role: str) -> None:
    adapter, dump, persons, entries = _DUMPS[title]
    section = re.split(r"^## ", _PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    text = next(one for one in section if one.startswith(title))
    grants = re.findall(r"```postgresql\n(.*?)```", text, flags=re.DOTALL)[0]
    dsn = new_database()
    restore(dsn, dump)
    psql(
        dsn,
        (_NOT_DUMPED if adapter == "request_tracker" else "")
        + grants.replace(" login password '…'", "").replace("contact_audit_source", role),
    )
    source = open_source(Settings(source=adapter), f"{dsn}&options=-c%20role%3D{role}", dsn)
    assert isinstance(source, LiveSource)
    with source.reads() as reads:
        with reads.every_contact() as batches:
            assert sum(batch.num_rows for batch in batches) == persons
        with reads.journal(-(2**62)) as batches:
            assert sum(batch.num_rows for batch in batches) == entries
        reads.fields()
        reads.entries_there([1])
    psql(dsn, f"drop owned by {role}")


def test_every_adapter_of_a_live_table_has_its_section() -> None:
    assert {adapter for adapter, *_ in _DUMPS.values()} == ADAPTERS.keys() - {"helpdesk", "tiny"}
