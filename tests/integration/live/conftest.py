"""A tiny live helpdesk and an audit database, with a pipeline between them.

Whatever imports Airflow is imported inside the fixtures: this file may be read before the environment is set.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from contact_audit.sources import ADAPTERS
from tests.support.tiny import FOLDER, register

if TYPE_CHECKING:
    from contact_audit.runs.pipeline import Pipeline


@pytest.fixture
def tiny_dsn(new_database: Callable[..., str]) -> str:
    """A fresh tiny helpdesk, empty."""
    from tests.support.runs import query

    dsn = new_database()
    query(dsn, (FOLDER / "schema.sql").read_text(encoding="utf-8"))
    return dsn


@pytest.fixture
def pipeline(tiny_dsn: str, audit_dsn: str) -> Iterator["Pipeline"]:
    """A pipeline between the tiny helpdesk and an audit database."""
    from tests.support.runs import new_pipeline

    register()
    yield new_pipeline(tiny_dsn, audit_dsn, source="tiny")
    ADAPTERS.pop("tiny", None)


@pytest.fixture
def do(tiny_dsn: str) -> Callable[..., Any]:
    """Run SQL on the helpdesk."""
    from tests.support.runs import query

    return lambda text, values=None: query(tiny_dsn, text, values)
