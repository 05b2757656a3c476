"""Touching a log as its owner may, for those who are to notice."""

from contextlib import closing
from datetime import timedelta
from typing import Any

import psycopg2

from contact_audit.windows import HISTORY_START
from tests.support.runs import query

LAST = HISTORY_START + timedelta(hours=33)
SPAN = {"from_": HISTORY_START.isoformat(), "to": LAST.isoformat()}


def as_owner(dsn: str, statement: str, values: Any = None) -> None:
    """Run a statement with all triggers switched off."""
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute(statement, values)


def an_event(dsn: str) -> dict[str, Any]:
    """One with an author, an address and values."""
    return query(
        dsn,
        "select * from audit.contact_audit_log where author_name is not null and ip_address is not null "
        "order by event_id limit 1",
    )[0]
