"""A database that was loaded before there was a chain comes under it as it is, and is proved from then on."""

import io
from collections.abc import Callable
from contextlib import closing

import psycopg2
import pytest

from contact_audit.log import migrations
from contact_audit.log.verify import verify
from tests.support.runs import backfill, new_pipeline, query
from tests.support.tampering import SPAN, an_event, as_owner

TABLES = (
    *("source", "state", "contacts", "field_labels", "contact_audit_log", "superseded_events", "entries_without_event"),
    *("rejected_rows", "schema_changes", "schema_change_values", "capture_decisions", "loads"),
)  # fmt: skip
COLUMNS = """
select string_agg(quote_ident(attname), ', ' order by attnum) as names
from pg_attribute
where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = ''
"""
LOADED = "(select * from audit.ledger where kind = 'load')"
"""What the version before the chain has written of a ledger: no decisions."""


@pytest.fixture
def earlier(log: str, new_database: Callable[..., str]) -> str:
    """A database at the revision before the chain, with the same rows as `log`."""
    dsn = new_database()
    assert migrations.upgrade(dsn, "0006") == "0006"
    with (
        closing(psycopg2.connect(log)) as there,
        closing(psycopg2.connect(dsn)) as here,
        here,
        here.cursor() as writing,
        there.cursor() as reading,
    ):
        writing.execute("set session_replication_role = replica")
        for table in (*TABLES, "ledger"):
            writing.execute(COLUMNS, [f"audit.{table}"])
            names = (writing.fetchone() or ("",))[0]
            writing.execute(f"delete from audit.{table}")
            rows = io.StringIO()
            source = LOADED if table == "ledger" else f"audit.{table}"
            # the chain's own columns were there, and empty
            kept = ", ".join(
                f"null as {one}" if table == "ledger" and one in ("digest", "previous_hash", "hash") else one
                for one in names.split(", ")
            )
            reading.copy_expert(f"copy (select {kept} from {source} as t) to stdout", rows)
            rows.seek(0)
            writing.copy_expert(f"copy audit.{table} ({names}) from stdin", rows)
        writing.execute("select setval('audit.feed_position', (select max(position) from audit.loads))")
    return dsn


def said(dsn: str) -> list[str]:
    return [finding.line for finding in verify(dsn)[1]]


def test_each_window_has_one_entry_from_before_the_chain_and_all_of_it_verifies(earlier: str) -> None:
    before = query(
        earlier,
        "select count(*) as rows, count(distinct window_end) as windows, max(sequence) as last from audit.ledger",
    )[0]
    assert before["rows"] > before["windows"]
    feed = query(earlier, "select count(*) as rows, max(position) as last from audit.event_feed")
    assert migrations.upgrade(earlier) == migrations.head()
    entries = query(
        earlier,
        "select window_end, reason, sequence, hash is null as bare from audit.ledger where sequence > %s order by sequence",
        [before["last"]],
    )
    assert {entry["reason"] for entry in entries} == {"before the chain"}
    assert [entry["sequence"] for entry in entries] == [before["last"] + number + 1 for number in range(len(entries))]
    windows = [entry["window_end"] for entry in entries if entry["window_end"] is not None]
    assert len(windows) == len(set(windows)) == before["windows"]
    assert len(entries) == len(windows) + 1  # and one for the decisions
    assert said(earlier) == []
    assert query(earlier, "select count(*) as rows, max(position) as last from audit.event_feed") == feed


def test_what_is_touched_afterwards_is_named(earlier: str) -> None:
    migrations.upgrade(earlier)
    event = an_event(earlier)
    as_owner(earlier, "update audit.contact_audit_log set author_name = 'x' where event_id = %s", [event["event_id"]])
    (line,) = said(earlier)
    assert line.endswith(f"event {event['event_id']}: was changed")


def test_an_entry_from_before_the_chain_is_under_its_first_hash(earlier: str) -> None:
    migrations.upgrade(earlier)
    as_owner(
        earlier, "update audit.ledger set events = events + 1 where sequence = (select min(sequence) from audit.ledger)"
    )
    first = query(earlier, "select first_sequence from audit.ledger_head")[0]["first_sequence"]
    assert said(earlier) == [
        f"ledger sequence {first}: the entry does not follow the one before it: its previous_hash is another"
    ]


def test_loads_go_on_after_it(earlier: str, new_database: Callable[..., str]) -> None:
    migrations.upgrade(earlier)
    helpdesk = new_database("proved_helpdesk")
    query(helpdesk, "update helpdesk.contact_journal set author_name = 'Renamed again' where author_id is not null")
    pipeline = new_pipeline(helpdesk, earlier, brake_share=1.0)
    assert backfill(pipeline, "after", force=True, **SPAN).superseded > 0
    assert said(earlier) == []
