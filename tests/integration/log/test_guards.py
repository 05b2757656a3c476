"""What guards the log in the database, and what verify says where it is not as the revisions made it."""

import pytest

from contact_audit.log.verify import verify
from tests.support.guards import FILE, functions_sql
from tests.support.runs import query


def said(dsn: str) -> list[str]:
    return [finding.line for finding in verify(dsn)[1]]


def test_the_functions_that_verify_knows_are_those_of_the_newest_revision(audit_dsn: str) -> None:
    assert FILE.read_text(encoding="utf-8") == functions_sql(audit_dsn), "see tests/support/guards.py"


@pytest.mark.parametrize(
    ("weakened", "line"),
    [
        (
            "create or replace function audit.refuse_to_change_evidence() returns trigger language plpgsql "
            "as $$ begin return null; end $$",
            "database: the function audit.refuse_to_change_evidence is not as its revision made it",
        ),
        (
            "create or replace function audit.commitment(salt bytea, of bytea, value bytea) returns bytea language sql immutable "
            "parallel safe return value",
            "database: the function audit.commitment is not as its revision made it",
        ),
        (
            "create function audit.merkle_root(text) returns bytea language sql return null::bytea",
            "database: the function audit.merkle_root is not as its revision made it",
        ),
        (
            "create function audit.nothing() returns trigger language plpgsql as 'begin return null; end'; "
            "drop trigger only_added_to on audit.ledger_rows; create trigger only_added_to before update or delete on "
            "audit.ledger_rows for each statement execute function audit.nothing()",
            "database: the trigger only_added_to on audit.ledger_rows is missing or switched off",
        ),
        ("grant update (author_name) on audit.contact_audit_log to public", "database: everybody may update audit.contact_audit_log"),
        (
            "grant delete on audit.superseded_events to contact_audit_reader",
            "database: contact_audit_reader may delete audit.superseded_events",
        ),
        (
            "grant insert on captures.journal_rows to contact_audit_reader",
            "database: contact_audit_reader may insert captures.journal_rows",
        ),
        ("grant create on schema audit to public", "database: everybody may create relations in audit"),
    ],
)  # fmt: skip
def test_a_weakened_guard_is_told(audit_dsn: str, weakened: str, line: str) -> None:
    assert said(audit_dsn) == []
    query(audit_dsn, weakened.replace("%", "%%"))
    assert line in said(audit_dsn)


def test_a_detached_partition_is_told_besides_its_rows(log: str) -> None:
    query(log, "alter table audit.contact_audit_log detach partition audit.contact_audit_log_2019")
    lines = said(log)
    assert "database: audit.contact_audit_log_2019 is no partition of the log any more" in lines
    assert sum("is missing from the log" in line for line in lines) > 100


def test_a_partition_renamed_away_is_told_by_both_names(log: str) -> None:
    query(
        log,
        "alter table audit.contact_audit_log detach partition audit.contact_audit_log_2019; "
        "alter table audit.contact_audit_log_2019 rename to contact_audit_log_old",
    )
    lines = said(log)
    assert "database: audit.contact_audit_log_2019 is missing" in lines
    assert "database: audit.contact_audit_log_old stands beside the log: its rows are outside any partition" in lines


def test_a_stretch_that_was_never_loaded_is_no_finding_and_is_told(log: str) -> None:
    (last,) = query(log, "select max(window_end) as at from audit.ledger")
    query(
        log,
        "insert into audit.ledger (kind, window_start, window_end, events, entries_without_event, rejected, superseded, captures, "
        "whole, rules_version, run_id) select 'load', w - interval '3 hours', w, 0, 0, 0, 0, '{}', true, 2, 'later' "
        "from (select %s + interval '2 days' as w) as later",
        [last["at"]],
    )
    head, found = verify(log)
    assert found == []
    (note,) = head.notes
    assert note.startswith(f"nothing was loaded of ({last['at'].isoformat()}, ")
    assert "15 windows" in note


@pytest.mark.parametrize("table", ["contact_audit_log", "superseded_events", "entries_without_event", "replaced_rows"])
def test_a_row_that_no_entry_knows_is_told(log: str, table: str) -> None:
    from tests.support.tampering import as_owner

    columns = query(
        log,
        "select string_agg(quote_ident(attname), ', ') as names from pg_attribute where attrelid = %s::regclass "
        "and attnum > 0 and not attisdropped and attgenerated = ''",
        [f"audit.{table}"],
    )[0]["names"]
    moved = columns.replace("window_start,", "window_start + interval '3 years',").replace(
        "window_end", "window_end + interval '3 years'"
    )
    as_owner(log, f"insert into audit.{table} ({columns}) select {moved.replace('occurred_at,', 'occurred_at + interval $$3 years$$,', 1)} "
                  f"from audit.{table} where window_end > '-infinity' limit 1")  # fmt: skip
    (line,) = said(log)
    assert "no entry of the ledger" in line
