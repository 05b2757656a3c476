"""The DAGs as Airflow reads them, between fresh databases.

Whatever imports Airflow is imported inside the fixtures: this file is read before the environment is set.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from contact_audit.local.embedded import Server

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag

    from tests.support.dag_runs import Project


@pytest.fixture(scope="session")
def dagbag(airflow: dict[str, str]) -> Iterator["DagBag"]:
    from airflow import settings
    from airflow.dag_processing.dagbag import DagBag

    yield DagBag(airflow["AIRFLOW__CORE__DAGS_FOLDER"])
    settings.dispose_orm()  # while its database is still there


@pytest.fixture
def project(
    airflow: dict[str, str],
    dagbag: "DagBag",
    postgres: Server,
    helpdesk_dsn: str,
    audit_dsn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> "Project":
    """The DAGs between a helpdesk with the world `plain` (of 2019-10-01, 69 events) and an empty audit database."""
    from tests.support.dag_runs import Project, connection
    from tests.support.worlds import load_world, write_world

    write_world(helpdesk_dsn, load_world("plain"))
    staging = tmp_path / "staging"
    for name, dsn in (("HELPDESK", helpdesk_dsn), ("CONTACT_AUDIT", audit_dsn)):
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", connection(dsn))
    monkeypatch.setenv("CONTACT_AUDIT_STAGING", staging.as_uri())

    def printed() -> str:
        text = "".join(capfd.readouterr()) + caplog.text
        caplog.clear()
        return text

    return Project(
        helpdesk_dsn, audit_dsn, postgres.dsn("airflow"), staging, airflow["AIRFLOW__CORE__DAGS_FOLDER"], printed
    )
