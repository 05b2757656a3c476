"""What the doctor looks at: this machine, both databases, Airflow's metadata and configuration, the staging folder. Changes nothing."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg2
import psycopg2.extras

from contact_audit.connections import dsn_from_uri, where
from contact_audit.database import first_line
from contact_audit.errors import SettingsError
from contact_audit.local import processes
from contact_audit.local.doctor import SOURCE_INDEXES, Facts
from contact_audit.local.embedded import Server
from contact_audit.local.environment import CONTACT_AUDIT, HELPDESK, METADATA, STAGING, airflow_environment, is_embedded
from contact_audit.local.state import State
from contact_audit.settings import Settings
from contact_audit.sql import statement

_AIRFLOWS = """
import json
from airflow.configuration import conf
print(json.dumps({
    "executor": conf.get("core", "executor"), "time_zone": conf.get("core", "default_timezone"),
    "AIRFLOW__API_AUTH__JWT_SECRET": conf.get("api_auth", "jwt_secret", fallback=""),
}))
"""
_CONNECT_SECONDS = 10


def look(state: State, given: Mapping[str, str], port: int) -> Facts:
    """The facts. `given` is the caller's environment; an embedded PostgreSQL that is set up is started, as other commands do."""
    found: dict[str, Any] = {
        "now": datetime.now(UTC),
        "python": sys.version_info[:2],
        "bytes_free": shutil.disk_usage(_there(state.home)).free,
        "port": port,
        "port_is_taken": processes.standalone(state) is None and processes.free_port(port) != port,
    }
    try:
        settings = Settings.from_environment(given)
    except SettingsError as error:
        found["settings_error"], settings = str(error), Settings()
    embedded = any(is_embedded(name, given) for name in (HELPDESK, CONTACT_AUDIT, METADATA))
    if embedded and state.data.is_dir():
        Server(state).start()
    environment = airflow_environment(state, given, port)
    found |= _helpdesk(dsn_from_uri(environment[HELPDESK]), settings, is_embedded(HELPDESK, given))
    found |= _audit(dsn_from_uri(environment[CONTACT_AUDIT]))
    found |= _metadata(environment[METADATA])
    found |= _airflow(environment)
    found |= _staging(settings.staging or environment.get(STAGING, ""))
    return Facts(**{name: value for name, value in found.items() if name in {field.name for field in fields(Facts)}})


def _helpdesk(dsn: str, settings: Settings, embedded: bool) -> dict[str, Any]:
    # of a live helpdesk's tables make check-source tells
    found = _row(dsn, "doctor/helpdesk", "select clock_timestamp() as clock" if settings.source != "helpdesk" else None)
    if found.error:
        return {"helpdesk_error": f"cannot read the helpdesk database {where(dsn)}: {found.error}"}
    told: dict[str, Any] = {"helpdesk_clock": found.row["clock"] - datetime.now(UTC)}
    if settings.source == "helpdesk":
        tables = set(found.row["tables"])
        there = {(table, tuple(columns)) for table, columns in found.row["indexes"]}
        told["missing_indexes"] = frozenset(
            (table, columns)
            for table, columns in SOURCE_INDEXES
            if table in tables and not any(of == table and has[: len(columns)] == columns for of, has in there)
        )
        told["helpdesk_may_write"] = () if embedded else tuple(found.row["writable"])
    return told


def _audit(dsn: str) -> dict[str, Any]:
    from contact_audit.errors import ContactAuditError
    from contact_audit.log import migrations

    try:
        version, newest = migrations.current(dsn), migrations.head()
    except ContactAuditError as error:
        return {"audit_error": str(error)}
    told: dict[str, Any] = {"schema_version": version, "schema_newest": newest}
    if version:
        found = _row(dsn, "doctor/audit")
        if found.error:
            return told | {"audit_error": f"cannot read the audit database {where(dsn)}: {found.error}"}
        told |= {"audit_clock": found.row["clock"] - datetime.now(UTC), "audit_may_write": found.row["may_write"]}
        told |= {name: found.row[name] for name in ("reader_role", "partitions_until")}
    return told


def _metadata(uri: str) -> dict[str, Any]:
    dialect = uri.split(":", maxsplit=1)[0].split("+", maxsplit=1)[0]
    if not dialect.startswith("postgres"):
        return {"metadata": dialect, "metadata_error": None if dialect == "sqlite" else f"{dialect} is not looked into"}
    dsn = uri.replace(uri.split(":", maxsplit=1)[0], "postgresql", 1)
    found = _row(dsn, "doctor/metadata")
    if found.error:
        return {"metadata": dialect, "metadata_error": f"cannot read Airflow's metadata {where(dsn)}: {found.error}"}
    return {"metadata": dialect, "dags": found.row["dags"], "pool_slots": found.row["pool_slots"]}


def _airflow(environment: Mapping[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", _AIRFLOWS], env=dict(environment), capture_output=True, text=True, check=False
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        reason = (done.stderr.strip() or "no answer").splitlines()[-1]
        return {"settings_error": f"Airflow's configuration cannot be read: {reason}"}
    told: dict[str, Any] = json.loads(lines[-1])
    executor = told.pop("executor")
    return {"executor": executor, "time_zone": told.pop("time_zone"), "secrets": told}


def _staging(uri: str) -> dict[str, Any]:
    url = urlsplit(uri)
    if url.scheme in ("", "file", "local"):
        folder = Path(unquote(url.path))
        if not uri or not folder.exists():
            return {}  # the first run makes it, for its user alone
        if not os.access(folder, os.W_OK):
            return {"staging_error": f"{folder} cannot be written to"}
        return {"staging_is_private": not folder.stat().st_mode & 0o077}
    try:
        from airflow.sdk import ObjectStoragePath

        next(iter(ObjectStoragePath(uri).iterdir()), None)
    except FileNotFoundError:
        return {}
    except Exception as error:
        return {"staging_error": f"{uri} cannot be reached: {first_line(error)}"}
    return {}


@dataclass(frozen=True)
class _Answer:
    row: dict[str, Any]
    error: str | None = None


def _row(dsn: str, name: str, text: str | None = None) -> _Answer:
    """The one row of a statement, read-only, or why there is none."""
    try:
        with closing(psycopg2.connect(dsn, connect_timeout=_CONNECT_SECONDS, client_encoding="UTF8")) as connection:
            connection.set_session(readonly=True, autocommit=True)
            with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                cursor.execute(text or statement(name))
                return _Answer(dict(cursor.fetchone() or {}))
    except psycopg2.Error as error:
        return _Answer({}, first_line(error))


def _there(folder: Path) -> Path:
    return folder if folder.exists() or folder == folder.parent else _there(folder.parent)
