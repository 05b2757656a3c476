"""Runs of the DAGs in this process, and what came of them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.dag_processing.dagbag import DagBag
from psycopg2.extensions import parse_dsn

from tests.support.runs import query


@dataclass(frozen=True)
class Run:
    """What a DAG run came to: its id, state, each task's state and tries (mapped ones by their labels), and what it printed."""

    run_id: str
    state: str
    tasks: dict[str, tuple[str | None, int]]
    text: str


@dataclass(frozen=True)
class Project:
    """Where a test's DAG runs read and write."""

    helpdesk: str
    audit: str
    metadata: str
    staging: Path
    folder: str
    printed: Callable[[], str]

    def run(self, dag_id: str, **how: Any) -> Run:
        """Run a DAG as `airflow dags test` does; retries do not wait."""
        dag = DagBag(self.folder).dags[dag_id]  # read anew: a run leaves its params in the DAG
        for task in dag.tasks:
            task.retry_delay = timedelta(0)
        self.printed()
        done = dag.test(**how)
        rows = query(
            self.metadata,
            "select task_id, rendered_map_index, state, try_number from task_instance where run_id = %s",
            [done.run_id],
        )
        tasks = {row["rendered_map_index"] or row["task_id"]: (row["state"], row["try_number"]) for row in rows}
        return Run(done.run_id, done.state.value, tasks, self.printed())

    def asset_events(self, run_id: str) -> list[dict[str, Any]]:
        """The extras of the events of the asset contact_audit_log that a run made."""
        rows = query(
            self.metadata,
            "select event.extra from asset_event as event join asset on asset.id = event.asset_id "
            "where asset.name = 'contact_audit_log' and event.source_run_id = %s",
            [run_id],
        )
        return [row["extra"] for row in rows]


def connection(dsn: str, **changed: str) -> str:
    """An Airflow connection to a database, as an environment variable holds it."""
    parts = parse_dsn(dsn)
    names = {"conn_type": "postgres", "host": parts["host"], "login": parts["user"], "schema": parts["dbname"]}
    return json.dumps(names | changed)
