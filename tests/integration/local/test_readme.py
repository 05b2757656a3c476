"""What the README and the docs tell to run: commands that exist, SQL that runs on a migrated audit database."""

import re
from pathlib import Path

import pytest

from tests.support.runs import query

ROOT = Path(__file__).resolve().parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def _blocks(language: str) -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        found += [(page.name, block) for block in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)]
    return found


def test_every_make_command_is_a_target() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    told = {name for _, block in _blocks("sh") for name in re.findall(r"\bmake ([a-z-]+)", block)}
    assert {"demo", "test", "migrate", "up", "airflow"} <= told
    assert told <= targets


def test_every_link_leads_to_a_file() -> None:
    links = [
        (page, link)
        for page in PAGES
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
        if "://" not in link
    ]
    assert links
    assert [(page.name, link) for page, link in links if not (page.parent / link).exists()] == []


SQL = [
    (page, statement.strip())
    for page, block in _blocks("sql")
    for statement in re.sub(r"--.*", "", block).split(";")
    if statement.strip() and not statement.strip().startswith(("create role", "grant"))
]


@pytest.mark.parametrize(("page", "statement"), SQL)
def test_every_statement_runs(page: str, statement: str, audit_dsn: str) -> None:
    query(audit_dsn, statement)


def test_the_reading_user_of_the_docs_is_enough(helpdesk_dsn: str) -> None:
    block = next(block for page, block in _blocks("sql") if "create role" in block)
    query(helpdesk_dsn, block)
    try:
        rows = query(
            helpdesk_dsn,
            "select has_table_privilege('contact_audit_source', 'helpdesk.contact_journal', 'select') as may_read, "
            "has_table_privilege('contact_audit_source', 'helpdesk.contact_journal', 'insert') as may_write",
        )
        assert rows == [{"may_read": True, "may_write": False}]
    finally:
        query(helpdesk_dsn, "drop owned by contact_audit_source; drop role contact_audit_source")
