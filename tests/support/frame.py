"""Hooks of pytest: the budgets of heavy tests, and one line at the end about what was not tried.

Apart from conftest.py, which starts databases, so that the frame can be tried by itself.
"""

import pytest

from tests.support.programs import untried

_BUDGETS = pytest.StashKey[float]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A heavy test's budget is its time limit. UsageError where it states none."""
    total = 0.0
    for item in items:
        mark = item.get_closest_marker("heavy")
        if mark is None:
            continue
        minutes = mark.kwargs.get("minutes")
        if mark.args or not isinstance(minutes, int | float) or minutes <= 0:
            raise pytest.UsageError(f"{item.name}: state its budget, heavy(minutes=...)")
        item.add_marker(pytest.mark.timeout(minutes * 60))
        total += minutes
    config.stash[_BUDGETS] = total


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    """Say the sum, where there are heavy tests."""
    total = config.stash.get(_BUDGETS, 0.0)
    return [f"Budget of the heavy tests: {total:g} minutes"] if total else []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what was not tried, and why."""
    reports = terminalreporter.getreports("skipped")
    line = untried(report.longrepr[2] for report in reports if isinstance(report.longrepr, tuple))
    if line:
        terminalreporter.write_line(line, yellow=True)
