"""docker-compose.yaml: no secret has a default, each part has its own, and the helpdesk's role may only read."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import yaml

from contact_audit.local import embedded
from contact_audit.local.embedded import Server
from contact_audit.local.state import PROJECT, State
from tests.support.runs import query

SECRETS = [
    "POSTGRES_PASSWORD",
    "AIRFLOW_PASSWORD",
    "HELPDESK_PASSWORD",
    "AUDIT_LOG_PASSWORD",
    "JWT_SECRET",
    "FERNET_KEY",
]
TEXT = (PROJECT / "docker-compose.yaml").read_text()


@pytest.fixture(scope="module")
def services() -> Any:
    return yaml.safe_load(TEXT)["services"]


def _secrets(file: Path) -> "subprocess.CompletedProcess[str]":
    command = ["make", "--silent", "secrets", f"ENV={file}"]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


def _values(file: Path) -> dict[str, str]:
    lines = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_every_secret_is_required_and_the_example_has_none() -> None:
    asked = re.findall(r"\$\{(\w+)(:?[?-])", TEXT)
    assert {name for name, how in asked if how == ":?"} == set(SECRETS)
    assert [name for name, how in asked if name in SECRETS and how != ":?"] == []
    assert _values(PROJECT / ".env.example") == dict.fromkeys(SECRETS, "")


def test_make_secrets_writes_each_once_and_never_over_others(tmp_path: Path) -> None:
    file = tmp_path / "env"
    assert _secrets(file).returncode == 0
    values = _values(file)
    assert sorted(values) == sorted(SECRETS)
    assert len(set(values.values())) == len(SECRETS)
    assert len(values["JWT_SECRET"].encode()) >= 64
    assert min(map(len, values.values())) >= 44
    from cryptography.fernet import Fernet

    Fernet(values["FERNET_KEY"])
    assert file.stat().st_mode & 0o077 == 0
    again = _secrets(file)
    assert again.returncode != 0
    assert "is there already" in again.stderr
    assert _values(file) == values


@pytest.fixture
def server() -> Iterator[Server]:
    """A PostgreSQL of its own: roles are of the whole server."""
    state = State(Path(tempfile.mkdtemp(prefix="audit-compose-")))
    server = Server(state, durable=False)
    server.start()
    yield server
    server.remove()
    shutil.rmtree(state.home, ignore_errors=True)


def test_the_helpdesks_role_may_read_what_is_there_and_nothing_else(server: Server, services: Any) -> None:
    for name in embedded.DATABASES:
        _execute(server.dsn("postgres"), f"drop database {name}")
    (script,) = services["databases"]["command"]
    passwords = {name: f"{name}: ' \\ \"{{}} §" for name in SECRETS if name.endswith("_PASSWORD")}
    environment = {
        **passwords,
        "PATH": f"{embedded._PROGRAMS}:{os.environ['PATH']}",
        "PGHOST": str(server.state.socket_folder()),
        "PGUSER": "postgres",
    }
    for _ in range(2):  # it runs at each start
        done = subprocess.run(
            [*services["databases"]["entrypoint"], script.replace("$$", "$")],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    _execute(server.dsn("helpdesk"), "create schema helpdesk; create table helpdesk.snapshots (snapshot_id bigint)")
    reading = server.dsn("helpdesk").replace("postgres@", "contact_audit_source@")
    assert query(reading, "select * from helpdesk.snapshots") == []
    for forbidden in (
        "insert into helpdesk.snapshots values (1)",
        "create table helpdesk.mine ()",
        "create schema mine",
    ):
        with pytest.raises(psycopg2.Error):
            _execute(reading, forbidden)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            _execute(reading, f"set default_transaction_read_only = off; commit; {forbidden}")
    for database in ("airflow", "contact_audit", "helpdesk"):
        (mine,) = [
            role
            for role in ("airflow", "contact_audit", "contact_audit_source")
            if query(
                server.dsn("postgres"), f"select has_database_privilege('{role}', '{database}', 'connect') as may"
            )[0]["may"]
        ]
        assert mine == {"helpdesk": "contact_audit_source"}.get(database, database)


def test_the_passwords_are_known_to_the_connections_and_told_to_nobody_else(services: Any, tmp_path: Path) -> None:
    script = services["airflow-init"]["command"][0].replace("$$", "$")
    head = script[: script.index("unset ")].replace("/opt/airflow/state", str(tmp_path))
    given = {"AIRFLOW_PASSWORD": "a:b\\c", "HELPDESK_PASSWORD": "h h'\"", "AUDIT_LOG_PASSWORD": "x"}
    subprocess.run(["bash", "-euc", head], env=given | {"PATH": os.environ["PATH"]}, check=True)
    file = tmp_path / "pgpass"
    assert file.read_text().splitlines() == [
        "postgres:5432:airflow:airflow:a\\:b\\\\c",
        "postgres:5432:helpdesk:contact_audit_source:h h'\"",
        "postgres:5432:contact_audit:contact_audit:x",
    ]
    assert file.stat().st_mode & 0o077 == 0
    for name in ("api-server", "scheduler", "dag-processor", "triggerer"):
        assert [one for one in services[name]["environment"] if one.endswith("PASSWORD")] == []


def _execute(dsn: str, text: str) -> None:
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for one in text.split("; "):
                cursor.execute(one)
    finally:
        connection.close()
