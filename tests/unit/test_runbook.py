"""docs/runbook.md has a row for each message that this project's errors begin with, and no row for one that is no more."""

import ast
import re
from pathlib import Path

import pytest

from contact_audit import errors

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "plugins" / "contact_audit"
TOLD_BY_THEMSELVES = {"SettingsError"}
OTHERS = {"UndeliveredError", "TooSlowError"}
GAP = "…"


def _names() -> set[str]:
    own = {
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.ContactAuditError)
    }
    return (own | OTHERS) - TOLD_BY_THEMSELVES


def _template(node: ast.expr) -> str:
    """A message as it is written, what is filled in as GAP."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else GAP for part in node.values)
    raise AssertionError(f"a message in a form that this test does not read: {ast.unparse(node)}")


def _messages() -> dict[str, str]:
    """Where each error is made → its message."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in _names()
                and node.args
            ):
                found[f"{path.relative_to(PACKAGE)}:{node.lineno} {node.func.id}"] = _template(node.args[0])
    return found


def _rows() -> list[str]:
    """The messages in the first column of the runbook's tables."""
    text = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    first = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `")]
    return [message for cell in first for message in re.findall(r"`([^`]+)`", cell)]


def _is_told(message: str, row: str) -> bool:
    pattern = ".+".join(re.escape(part) for part in row.split(GAP))
    return re.match(pattern, message) is not None


MESSAGES = _messages()


def test_the_messages_are_found() -> None:
    assert len(MESSAGES) > 40
    assert {where.split()[-1] for where in MESSAGES} > {
        "SourceError",
        "CaptureBrakeError",
        "TouchedError",
        "StagingError",
    }


@pytest.mark.parametrize("where", sorted(MESSAGES))
def test_the_runbook_tells_what_to_do(where: str) -> None:
    message = MESSAGES[where]
    assert any(_is_told(message, row) for row in _rows()), f"docs/runbook.md has no row for: {message}"


@pytest.mark.parametrize("row", _rows())
def test_the_runbook_tells_of_no_message_that_is_no_more(row: str) -> None:
    assert any(_is_told(message, row) for message in MESSAGES.values()), f"nothing says: {row}"


def test_no_row_takes_all_messages() -> None:
    for row in _rows():
        told = [message for message in MESSAGES.values() if _is_told(message, row)]
        assert len(told) < len(MESSAGES) / 3, f"{row} says nothing: it is {len(told)} messages"
