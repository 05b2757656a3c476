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


def a_merge(dsn: str) -> dict[str, Any]:
    """A delete that is a merge, and in another's name, as a load writes it after all others."""
    query(
        dsn,
        """
        insert into audit.contact_audit_log (
            event_id, account_id, contact_id, action, author_type, author_id, channel, occurred_at, occurred_after, sequence,
            changes, attribution, journal_entry_id, previous_snapshot_id, snapshot_id, window_start, window_end, rules_version,
            run_id, merged_into, on_behalf_of
        )
        select
            '00000000-0000-0000-0000-00000000aaaa', '1', '808', 'delete', 'agent', '7', 'merge', newest.at, newest.at, 1,
            '[]', 'recorded', 1, 1, 2, newest.at - interval '3 hours', newest.at, 2,
            'a run', '9', 'Bo (8)'
        from (select max(window_end) + interval '3 hours' as at from audit.ledger) as newest;
        insert into audit.ledger (
            kind, window_start, window_end, events, entries_without_event, rejected, superseded, captures, whole, rules_version, run_id
        )
        select 'load', window_start, window_end, 1, 0, 0, 0, '{}', true, 2, 'a run'
        from audit.contact_audit_log
        where merged_into is not null
        """,
    )
    return query(dsn, "select * from audit.contact_audit_log where merged_into is not null")[0]
