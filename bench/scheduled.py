"""The same backfill as its DAG, under Airflow's scheduler: from trigger to end."""

import json
import os
import subprocess
import time
from dataclasses import dataclass
from typing import Any

from bench import table
from bench.world import query
from contact_audit.local.embedded import Server
from contact_audit.local.environment import CONTACT_AUDIT, HELPDESK, airflow_environment
from contact_audit.local.processes import AIRFLOW, free_port, prepare_metadata, start_standalone, stop_standalone, tail

_DAG = "contact_audit_backfill"


@dataclass(frozen=True)
class Scheduled:
    """What Airflow's metadata tell of the run.

    Attributes:
        state: success, or what it came to.
        seconds: from trigger to the end of the last task.
        tasks: how many; task_seconds: from each one's start to its end, summed.
    """

    state: str
    seconds: float
    tasks: int
    task_seconds: float


def run(server: Server, helpdesk: str, audit: str, params: dict[str, Any]) -> Scheduled:
    """Start Airflow beside the databases, trigger the DAG, wait for its end, and end Airflow."""
    state = server.state
    state.make()
    given = os.environ | {
        HELPDESK: helpdesk,
        CONTACT_AUDIT: audit,
        # Nothing but what is measured may run: the sync's DAG stays paused.
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
    }
    environment = airflow_environment(state, given, free_port(18_080))
    prepare_metadata(state, environment)
    start_standalone(state, environment)
    try:
        _airflow(environment, "dags", "unpause", "--yes", _DAG)
        _airflow(environment, "dags", "trigger", "--conf", json.dumps(params), _DAG)
        metadata = server.dsn("airflow")
        while True:
            done = Scheduled(*query(metadata, "scheduled_run", dag=_DAG)[0])
            if done.state not in ("queued", "running"):
                break
            time.sleep(1)
    finally:
        stop_standalone(state)
    if done.state != "success":
        table.say(tail(state.logs / "airflow.log", lines=40))
        raise SystemExit(f"the DAG run came to {done.state}")
    return done


def _airflow(environment: dict[str, str], *arguments: str) -> None:
    done = subprocess.run([AIRFLOW, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"airflow {' '.join(arguments)}: {done.stderr}")
