"""The audit database that the Activity page's tests read."""

from collections.abc import Callable

import pytest

from contact_audit.local.embedded import Server
from tests.support.activity import Log, new_activity


@pytest.fixture(scope="session")
def activity(postgres: Server, _audit_template: str) -> tuple[str, Log]:
    """Its DSN, and what is in it. Written once: a test that changes it takes a copy."""
    return new_activity(postgres, _audit_template, "activity")


@pytest.fixture
def activity_copy(activity: tuple[str, Log], new_database: Callable[..., str]) -> str:
    """The DSN of a copy."""
    return new_database("activity_template")
