"""`make superset`: Apache Superset reads the audit log as contact_audit_reader, and draws one chart.

Fails unless Superset's figures are the log's own, and unless the database refuses all that a reader may not. Writes the
picture of docs/reporting.md and prints the account that stands there.
"""

import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg2

from bench.superset import chart, reader
from bench.superset.client import Client, logged_in
from bench.superset.database import filled_server
from bench.superset.server import LOCK, install, running
from bench.table import say, show
from contact_audit.errors import ContactAuditError
from contact_audit.local.embedded import Server
from contact_audit.local.state import PROJECT, State

PICTURE = PROJECT / "docs" / "reporting" / "superset.png"
VIEWS = ("daily_activity", "contact_events")
_NEWEST = 100
Row = tuple[str, str, str]


def main(environment: Mapping[str, str]) -> int:
    """Do all of it; the exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # and end what was started, too
    state = State.from_environment(environment)
    installed = state.superset
    try:
        state.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        install(installed)
        with filled_server(state) as server, reader.reading_login(server) as login:
            refused = reader.refusals(login)
            with (
                tempfile.TemporaryDirectory(prefix="audit-superset-") as home,
                running(installed, Path(home)) as site,
                logged_in(site) as client,
            ):
                account = _read(client, server, login, refused)
    except ContactAuditError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    show("Apache Superset reads the audit log", account)
    print("\n".join(f"  refused: {statement}\n           {said}" for statement, said in refused.items()))
    return 0


def _read(client: Client, server: Server, login: reader.Login, refused: Mapping[str, str]) -> list[Row]:
    """Let Superset read and draw, and compare; the account."""
    owner = server.dsn("contact_audit")
    say("registering the database and two datasets by the REST API")
    database = client.post(
        "/api/v1/database/",
        {
            "database_name": "Contact Audit",
            "sqlalchemy_uri": login.sqlalchemy_uri,
            "expose_in_sqllab": True,
            "allow_dml": True,  # Superset's own guard is off, so that a refusal is the database's
        },
    )["id"]
    datasets = {name: _dataset(client, database, name) for name in VIEWS}
    say("making the chart, and comparing its figures with the log's")
    first, last = reader.newest_days(owner)
    made = client.post("/api/v1/chart/", chart.definition(datasets["daily_activity"], first, last))["id"]
    (told,) = client.get(f"/api/v1/chart/{made}/data/?force=true")["result"]
    figures = reader.figures(owner, first, last)
    _same("the chart's data", chart.figures_of(told["data"]), figures)
    newest = _newest(client, datasets["contact_events"])
    _same("the newest events", newest, [event for (event,) in reader.ask(owner, "newest", rows=_NEWEST)])
    PICTURE.parent.mkdir(exist_ok=True)
    _same("what the page draws", chart.figures_drawn(client.draw(made, PICTURE)), figures)
    for statement, said in refused.items():
        if "permission denied" not in client.refusal(database, statement):
            raise ContactAuditError(f"SQL Lab fails otherwise than PostgreSQL ({said}): {statement}")
    return [
        (
            "Superset",
            _pinned("apache-superset"),
            f"SQLAlchemy {_pinned('sqlalchemy')}, psycopg2 {_pinned('psycopg2-binary')}",
        ),
        ("PostgreSQL", _server_version(owner), f"login: a member of {reader.READER}, and of nothing else"),
        *((f"dataset audit.{name}", *_columns(client, datasets[name])) for name in VIEWS),
        (
            "chart: rows of day and attribution",
            f"{len(figures):,}",
            f"{first} to {last}, {sum(figures.values()):,} events",
        ),
        ("its data by the API = the log's", "equal", "asked by psycopg2, as the owner, of audit.contact_audit_log"),
        ("the page's data = the log's", "equal", f"{PICTURE.relative_to(PROJECT)}, {client.browser}"),
        ("newest events of contact_events", f"{len(newest)}", "the same as the owner reads"),
        ("refused by the database", f"{len(refused)} of {len(reader.REFUSED)}", "by psycopg2 and in SQL Lab"),
        ("other hosts asked by its page", f"{len(client.elsewhere)}", _refused_hosts(client)),
    ]


def _dataset(client: Client, database: int, view: str) -> int:
    return int(client.post("/api/v1/dataset/", {"database": database, "schema": "audit", "table_name": view})["id"])


def _newest(client: Client, dataset: int) -> list[str]:
    """The ids of the newest events as Superset reads them, in an order that it asks for itself."""
    order = [["occurred_at", False], ["event_id", True]]
    wanted = chart.query(dataset, columns=["event_id"], orderby=order, row_limit=_NEWEST)
    return [row["event_id"] for row in client.post("/api/v1/chart/data", wanted)["result"][0]["data"]]


def _columns(client: Client, dataset: int) -> tuple[str, str]:
    """How many columns Superset found in a view, and which of them it knows no kind for."""
    columns = client.get(f"/api/v1/dataset/{dataset}")["result"]["columns"]
    unknown = [f"{column['column_name']} ({column['type']})" for column in columns if column["type_generic"] is None]
    described = sum(bool(column["description"]) for column in columns)
    remark = f"{described} with the comment of the schema"
    return f"{len(columns)} columns", f"{remark}; of no kind: {', '.join(unknown)}" if unknown else remark


def _refused_hosts(client: Client) -> str:
    return f"refused by the browser: {', '.join(sorted(client.elsewhere))}" if client.elsewhere else ""


def _same(what: str, read: Any, expected: Any) -> None:
    if read != expected:
        raise ContactAuditError(
            f"{what} in Superset: {read!s:.500}; in the log: {expected!s:.500}. If a run has just loaded, try again."
        )


def _pinned(package: str) -> str:
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    return next(line.split("==")[1].split()[0] for line in lines if line.startswith(f"{package}=="))


def _server_version(dsn: str) -> str:
    connection = psycopg2.connect(dsn)
    try:
        return str(connection.get_parameter_status("server_version")).split()[0]
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(dict(os.environ)))
