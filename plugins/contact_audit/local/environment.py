"""The environment of this project's Airflow processes.

What the caller has set stays, but for where Airflow finds this project and keeps its state.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from contact_audit.local.embedded import Server
from contact_audit.local.state import PROJECT, State

HELPDESK = "AIRFLOW_CONN_HELPDESK"
CONTACT_AUDIT = "AIRFLOW_CONN_CONTACT_AUDIT"
METADATA = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
STAGING = "CONTACT_AUDIT_STAGING"
DEFAULT_PORT = 8080


def airflow_environment(state: State, given: Mapping[str, str], port: int = DEFAULT_PORT) -> dict[str, str]:
    """The environment for Airflow: `given`, completed; `port` is that of its web server. The state's folders must be there."""
    server = Server(state)
    plugins = PROJECT / "plugins"
    url = f"http://localhost:{port}"
    defaults = {
        METADATA: server.dsn("airflow").replace("postgresql://", "postgresql+psycopg2://", 1),
        HELPDESK: _connection(state, "helpdesk"),
        CONTACT_AUDIT: _connection(state, "contact_audit"),
        STAGING: state.staging.as_uri(),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__PARALLELISM": "8",
        "AIRFLOW__API_AUTH__JWT_SECRET": state.secret("jwt_secret"),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__DATABASE__LOAD_DEFAULT_CONNECTIONS": "False",
    }
    ours = {
        "AIRFLOW_HOME": str(state.airflow),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(plugins),
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "PATH": os.pathsep.join(_first(given.get("PATH", os.defpath), Path(sys.executable).parent)),
        "PYTHONPATH": os.pathsep.join(_first(given.get("PYTHONPATH", ""), plugins)),
    }
    kept = {name: value for name, value in given.items() if value or name not in defaults}
    return {**defaults, **kept, **ours}


def added(environment: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """What `environment` adds to `given` or changes in it."""
    return {name: value for name, value in environment.items() if given.get(name) != value}


def is_embedded(name: str, given: Mapping[str, str]) -> bool:
    """Whether the connection of that variable is the embedded database, since the caller has set none."""
    return not given.get(name)


def _connection(state: State, database: str) -> str:
    folder = str(state.socket_folder())
    return json.dumps({"conn_type": "postgres", "host": folder, "login": "postgres", "schema": database})


def _first(path: str, folder: Path) -> list[str]:
    others = [part for part in path.split(os.pathsep) if part and part != str(folder)]
    return [str(folder), *others]
