"""A log with everything in it that the ledger's chain covers, for those who touch it and for those who prove it.

Whatever imports Airflow is imported inside the fixtures: this file may be read before the environment is set.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from contact_audit.local.embedded import Server
from tests.conftest import _execute

PROVED = "proved_template"


@pytest.fixture(scope="module")
def proved(postgres: Server, _helpdesk_template: str, _audit_template: str) -> Iterator[str]:
    """A log with everything in it: superseded events, replaced rows beside the log, a decision. Not to be touched: copies are."""
    from tests.support.runs import backfill, new_pipeline, query
    from tests.support.tampering import LAST, SPAN
    from tests.support.worlds import random_world, write_world

    _execute(postgres, "create database {} template {}", "proved_helpdesk", _helpdesk_template)
    _execute(postgres, "create database {} template {}", PROVED, _audit_template)
    helpdesk, audit = postgres.dsn("proved_helpdesk"), postgres.dsn(PROVED)
    world = random_world(77, contacts=15, captures=15, hardness=0.9)
    world["snapshots"] = [row for row in world["snapshots"] if datetime.fromisoformat(row["captured_at"]) <= LAST]
    there = {row["snapshot_id"] for row in world["snapshots"]}
    world["contact_snapshots"] = [row for row in world["contact_snapshots"] if row["snapshot_id"] in there]
    write_world(helpdesk, world)
    pipeline = new_pipeline(helpdesk, audit, brake_share=1.0)
    query(helpdesk, "update helpdesk.contact_journal set action = 'merge' where entry_id %% 7 = 3", [])
    backfill(pipeline, "first", decisions={str(min(there)): "accept: looked at"}, **SPAN)
    query(helpdesk, "update helpdesk.contact_journal set author_name = 'Renamed' where author_id is not null")
    query(helpdesk, "update helpdesk.contact_journal set action = 'update' where action = 'merge'")
    backfill(pipeline, "second", force=True, **SPAN)
    yield PROVED
    for name in ("proved_helpdesk", PROVED):
        _execute(postgres, "drop database {} with (force)", name)


@pytest.fixture
def log(proved: str, new_database: Callable[..., str]) -> str:
    """A copy of it."""
    return new_database(proved)
