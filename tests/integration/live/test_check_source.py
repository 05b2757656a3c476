"""make check-source says in plain words what is wrong, missing or noise, for a live helpdesk and for the reference schema."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from contact_audit.errors import SourceError
from contact_audit.local.check_source import check_source
from contact_audit.runs.pipeline import Pipeline
from contact_audit.settings import Settings
from tests.support.runs import query, sync
from tests.support.tiny.world import last_border

Do = Callable[..., list[dict[str, Any]]]


def check(dsn: str, source: str) -> tuple[int, str]:
    """The exit status and what is said."""
    lines: list[str] = []
    status = check_source(Settings(source=source), dsn, "", lines.append)
    return status, "\n".join(lines)


@pytest.mark.usefixtures("pipeline")
def test_a_live_helpdesk_that_can_be_read_is_told_with_its_newest_entries(tiny_dsn: str, do: Do) -> None:
    do("insert into person (id, name, role) values (1, 'Dana', 'customer'), (9, 'Ann', 'agent')")
    do("insert into field values ('plan', 'Plan', 'text')")
    do(
        """insert into log (person, author, at, items) values
        (1, '9', '2026-01-01 10:00Z', '[{"field": "name", "old": "D", "new": "Dana"}]'),
        (1, '9', '2026-01-02 10:00Z', '[{"field": "email"}]')"""
    )
    status, said = check(tiny_dsn, "tiny")
    assert status == 0, said
    assert "2 persons" in said
    assert "1 custom fields: plan" in said
    assert "2026-01-02 10:00:00 UTC  agent Ann changed contact 1: email (values not told)" in said
    assert "2026-01-01 10:00:00 UTC  agent Ann changed contact 1: name: D → Dana" in said
    assert said.endswith("Nothing is wrong.")


@pytest.mark.usefixtures("pipeline")
def test_an_empty_helpdesk_is_probably_the_wrong_one(tiny_dsn: str) -> None:
    status, said = check(tiny_dsn, "tiny")
    assert status == 1
    assert "no contact at all" in said


def test_another_version_says_which_column_is_missing_and_so_does_the_run(
    pipeline: Pipeline, tiny_dsn: str, do: Do
) -> None:
    do("alter table person drop column extra; drop table log")
    status, said = check(tiny_dsn, "tiny")
    assert status == 1
    assert 'person has no column "extra"' in said
    assert "no table log" in said
    with pytest.raises(SourceError, match='person has no column "extra"; no table log'):
        sync(pipeline, last_border())


@pytest.mark.usefixtures("pipeline")
def test_a_user_without_rights_is_told(tiny_dsn: str, do: Do) -> None:
    do("create role nobody_here login; grant select on log to nobody_here; grant select (id) on person to nobody_here")
    try:
        status, said = check(_as("nobody_here", tiny_dsn), "tiny")
    finally:
        do("drop owned by nobody_here; drop role nobody_here")
    assert status == 1
    assert "this user may not read person (account, name" in said


def test_what_does_not_answer_is_one_line() -> None:
    status, said = check("postgresql://nobody@localhost:1/none", "helpdesk")
    assert status == 1
    assert said.startswith("WRONG  cannot read the helpdesk database localhost:1/none")


def test_the_reference_schema_is_checked_alike(helpdesk_dsn: str) -> None:
    status, said = check(helpdesk_dsn, "helpdesk")
    assert status == 1
    assert "helpdesk.snapshots is empty" in said
    query(helpdesk_dsn, "insert into helpdesk.snapshots values (1, %s, 'full')", (datetime(2026, 1, 1, tzinfo=UTC),))
    query(
        helpdesk_dsn,
        """insert into helpdesk.contact_journal values
        (1, 7, 0, '2026-01-01 10:00Z', '2026-01-01 10:00Z', 'update', 'admin', '5', 'Bo', null, null, null)""",
    )
    query(helpdesk_dsn, "drop index helpdesk.contact_journal_by_recorded_at")
    status, said = check(helpdesk_dsn, "helpdesk")
    assert status == 0, said
    assert "no index on (recorded_at)" in said
    assert "2026-01-01 10:00:00 UTC  admin Bo changed contact 7 (what it touched is not told)" in said


def _as(user: str, dsn: str) -> str:
    """The same database, as another user."""
    return f"postgresql://{user}@{dsn.partition('@')[2]}"
