"""A tiny live helpdesk and an audit database, with a pipeline between them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from contact_audit.runs.pipeline import Pipeline
from contact_audit.sources import ADAPTERS
from tests.support.runs import new_pipeline, query
from tests.support.tiny import FOLDER, register


@pytest.fixture
def tiny_dsn(new_database: Callable[..., str]) -> str:
    """A fresh tiny helpdesk, empty."""
    dsn = new_database()
    query(dsn, (FOLDER / "schema.sql").read_text(encoding="utf-8"))
    return dsn


@pytest.fixture
def pipeline(tiny_dsn: str, audit_dsn: str) -> Iterator[Pipeline]:
    """A pipeline between the tiny helpdesk and an audit database."""
    register()
    yield new_pipeline(tiny_dsn, audit_dsn, source="tiny")
    ADAPTERS.pop("tiny", None)


@pytest.fixture
def do(tiny_dsn: str) -> Callable[..., Any]:
    """Run SQL on the helpdesk."""
    return lambda text, values=None: query(tiny_dsn, text, values)
