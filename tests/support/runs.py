"""Running the pipeline as the DAGs' tasks do, without Airflow, and reading back what it wrote."""

import tempfile
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extras

from contact_audit.runs.backfill import Request, finish_backfill, plan_chunks, run_chunk
from contact_audit.runs.outcome import Report
from contact_audit.runs.pipeline import Pipeline
from contact_audit.runs.staging import Staging
from contact_audit.runs.sync import derive_due, extract_due, find_due, finish_sync, load_due
from contact_audit.settings import Settings
from contact_audit.windows import Window

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def quiet(_: str) -> None:
    """Say nothing."""


def sync(
    pipeline: Pipeline, own_end: datetime, run_id: str = "sync", only_own: bool = False
) -> tuple[dict[str, Any], Report]:
    """A run of the sync for the window that ends at `own_end`: its plan and its report."""
    plan = find_due(pipeline, Window(own_end), only_own, quiet)
    with tempfile.TemporaryDirectory() as folder:
        staging = Staging.create(Path(folder).as_uri(), run_id, NOW)
        metas = extract_due(pipeline, plan, staging, quiet)
        derive_due(pipeline, metas, staging, quiet)
        report = Report.from_dict(load_due(pipeline, plan, metas, staging, run_id, quiet))
    finish_sync(pipeline, plan, report, run_id)
    return plan, report


def backfill(pipeline: Pipeline, run_id: str = "backfill", now: datetime = NOW, **params: Any) -> Report:
    """A run of the backfill with these params."""
    params = {name.rstrip("_"): value for name, value in params.items()}
    request = Request.from_params(params, now)
    chunks = plan_chunks(pipeline, request, 1024, "a test", quiet)
    done = [run_chunk(pipeline, chunk, request, run_id, quiet) for chunk in chunks]
    return finish_backfill(pipeline, request, done, True, run_id)


def new_pipeline(helpdesk_dsn: str, audit_dsn: str, **settings: Any) -> Pipeline:
    """A pipeline between two databases."""
    return Pipeline(Settings(**settings), helpdesk_dsn, audit_dsn)


def query(dsn: str, text: str, values: Any = None) -> list[dict[str, Any]]:
    """The rows of a query; what it changes is committed."""
    rows_as_dicts = psycopg2.extras.RealDictCursor
    with (
        closing(psycopg2.connect(dsn)) as connection,
        connection,
        connection.cursor(cursor_factory=rows_as_dicts) as cursor,
    ):
        cursor.execute(text, values)
        return [dict(row) for row in cursor.fetchall()] if cursor.description else []


TABLES = {
    "contact_audit_log": "event_id, occurred_at",
    "entries_without_event": "entry_id, window_end",
    "rejected_rows": "window_end, relation, entry_id, snapshot_id, contact_id, reason",
    "contacts": "contact_id",
    "schema_changes": "schema_change_id",
    "schema_change_values": "schema_change_id, contact_id, field",
}
_OF_THE_RUN = {"run_id", "loaded_at", "rejected_id"}
_NOT_COMPARED = {
    "contacts": {"snapshot_id"}
}  # which capture last mentioned a contact, or last changed it: both are right


def stored(dsn: str, tables: Iterable[str] = TABLES) -> dict[str, list[dict[str, Any]]]:
    """What stands in the audit tables, every column but run_id and loaded_at."""
    return {
        table: [
            {name: value for name, value in row.items() if name not in _OF_THE_RUN | _NOT_COMPARED.get(table, set())}
            for row in query(dsn, f"select * from audit.{table} order by {TABLES[table]}")
        ]
        for table in tables
    }


def loaded_windows(dsn: str) -> list[datetime]:
    """The ends of the windows in the ledger, each once."""
    return [
        row["window_end"]
        for row in query(dsn, "select distinct window_end from audit.ledger where window_end is not null order by 1")
    ]
