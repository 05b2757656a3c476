"""The audit database that the Activity page's tests read, and its app on it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from contact_audit.local.embedded import Server
from tests.support.activity import Log, new_activity
from tests.support.activity_app import client, mounted


@pytest.fixture(scope="session")
def activity(postgres: Server, _audit_template: str) -> tuple[str, Log]:
    """Its DSN, and what is in it. Written once: a test that changes it takes a copy."""
    return new_activity(postgres, _audit_template, "activity")


@pytest.fixture
def activity_copy(activity: tuple[str, Log], new_database: Callable[..., str]) -> str:
    """The DSN of a copy."""
    return new_database("activity_template")


@pytest.fixture(scope="module")
def app(airflow: dict[str, str], activity: tuple[str, Log]) -> Iterator[Any]:
    """The app as Airflow's web server mounts it, below a root path."""
    with mounted(activity[0]) as root:
        yield root


@pytest.fixture(scope="module")
def reader(app: Any) -> Any:
    """A client that may read."""
    return client(app, "viewer")
