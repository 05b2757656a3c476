"""The DAGs' tasks: what Airflow gives (connections, the run, params), handed to sync.py and backfill.py.

Parsing a DAG imports this file: whatever is heavy (pandas, Arrow, drivers) is imported inside the tasks.
"""

import logging
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.sdk import Asset, BaseHook, ExceptionRetryPolicy, RetryAction, RetryRule, get_current_context
from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowSkipException

from contact_audit.errors import (
    AuditDatabaseError,
    ConnectionLostError,
    ContactAuditError,
    SourceError,
    StagingError,
)
from contact_audit.settings import Settings

if TYPE_CHECKING:
    from contact_audit.runs.outcome import Report
    from contact_audit.runs.pipeline import Pipeline

POOL = "helpdesk_db"
AUDIT_LOG = Asset("contact_audit_log")
CHUNK_LABEL = "{{ task.op_kwargs['chunk']['label'] }}"
DEFAULTS: dict[str, Any] = {
    "owner": "contact_audit",
    "show_return_value_in_logs": False,
    "retries": 3,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": 3.0,
    "max_retry_delay": timedelta(minutes=10),
    "retry_policy": ExceptionRetryPolicy(
        [
            RetryRule(ConnectionLostError, RetryAction.RETRY, reason="a database went away: trying again may help"),
            RetryRule(ContactAuditError, RetryAction.FAIL, reason="trying again would not help: see the message above"),
        ]
    ),
}
"""A lost connection is tried again after 30 s, 90 s and 270 s, and the unforeseen, too; the rest fails at once."""

_Task = TypeVar("_Task", bound=Callable[..., Any])
_log = logging.getLogger(__name__)
_results = logging.getLogger("contact_audit.runs.report")


def _plain_errors(function: _Task) -> _Task:
    """Our own errors without the frames and causes behind them: the message says what is wrong and what to do now."""

    @wraps(function)
    def run(*arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except ContactAuditError as error:
            failure = error
        raise failure.with_traceback(None) from None

    return run  # type: ignore[return-value]


@_plain_errors
def find_due() -> str:
    """The plan, as XCom `plan`; the task to go on with: `extract`, or `report` where nothing is due."""
    from contact_audit.runs import sync
    from contact_audit.runs.staging import sweep

    context: Any = get_current_context()
    run, now = context["dag_run"], datetime.now(UTC)
    pipeline = _pipeline()
    for name in sweep(_staging_base(pipeline.settings), now, _is_over):
        _say(f"removed what a dead run had left: {name}")
    own = sync.own_window(run.run_type, run.logical_date, run.data_interval_end, run.run_after, now)
    plan = sync.find_due(pipeline, own, run.run_type == "backfill", _say)
    context["ti"].xcom_push("plan", plan)
    return "extract" if plan["spans"] else "report"


@_plain_errors
def extract(plan: dict[str, Any]) -> dict[str, Any]:
    """The evidence of all due windows in a staging folder of this run: {staging, spans}."""
    from contact_audit.runs.staging import Staging
    from contact_audit.runs.sync import extract_due

    pipeline = _pipeline()
    staging = Staging.create(_staging_base(pipeline.settings), _run_id(), datetime.now(UTC))
    try:
        return {"staging": staging.uri, "spans": extract_due(pipeline, plan, staging, _say)}
    except BaseException:
        staging.remove()  # a retry makes its own
        raise


@_plain_errors
def diff(extracted: dict[str, Any]) -> dict[str, Any]:
    """The events of all spans, beside their evidence; what it was given, to hand on."""
    from contact_audit.runs.staging import Staging
    from contact_audit.runs.sync import derive_due

    staging = Staging(extracted["staging"])
    try:
        derive_due(_pipeline(), extracted["spans"], staging, _say)
    except StagingError:
        staging.remove()  # what is full is not kept full
        raise
    return extracted


@_plain_errors
def load(plan: dict[str, Any], derived: dict[str, Any]) -> dict[str, Any]:
    """All spans into the audit database; the run's report."""
    from contact_audit.runs.outcome import Report
    from contact_audit.runs.staging import Staging
    from contact_audit.runs.sync import load_due

    staging = Staging(derived["staging"])
    report = load_due(_pipeline(), plan, derived["spans"], staging, _run_id(), _say)
    _announce(Report.from_dict(report))
    return report


@_plain_errors
def report(plan: dict[str, Any]) -> None:
    """Remember and tell what the run did, then remove its staging folder."""
    from contact_audit.runs.outcome import Report
    from contact_audit.runs.report import report_lines
    from contact_audit.runs.staging import Staging
    from contact_audit.runs.sync import finish_sync

    context: Any = get_current_context()
    done = Report(notes=plan["notes"])
    if plan["spans"]:
        done = Report.from_dict(context["ti"].xcom_pull("load"))
    finish_sync(_pipeline(), plan, done, _run_id())
    if plan["spans"]:
        Staging(context["ti"].xcom_pull("extract")["staging"]).remove()
    _tell(report_lines(done))


@_plain_errors
def watch() -> dict[str, Any]:
    """What watches find in what was loaded, and the alerts on their way; skipped where there is no watch file."""
    from contact_audit.act.alerts import stop
    from contact_audit.runs import watching

    path, dsn = Settings.from_environment(os.environ).watches, _dsn("contact_audit", AuditDatabaseError)
    if not path:
        stop(dsn)
        raise AirflowSkipException("nothing is watched: CONTACT_AUDIT_WATCHES names no watch file")
    base = conf.get("api", "base_url", fallback="").rstrip("/")
    address = f"{base}/contact-activity/alerts" if base else ""
    done, lines = watching.watch(dsn, path, _run_id(), address, get_current_context())
    _tell(lines)
    return done


@_plain_errors
def plan() -> list[dict[str, Any]]:
    """The chunks, newest first: {start, end, label, newest, until}; `until` is the end of the whole request."""
    from contact_audit.runs.backfill import Request, plan_chunks

    context: Any = get_current_context()
    run = context["dag_run"]
    request = Request.from_params(context["params"], datetime.now(UTC))
    most = conf.getint("core", "max_map_length")
    chunks = plan_chunks(_pipeline(), request, most, run.triggering_user_name or run.run_id, _say)
    return [chunk | {"until": request.span.end.isoformat()} for chunk in chunks]


@_plain_errors
def run_chunk(chunk: dict[str, Any]) -> dict[str, Any]:
    """A chunk through the whole pipeline; what it did. What made it fail is an XCom `failure`, for the summary."""
    from contact_audit.runs import backfill

    context: Any = get_current_context()
    try:
        return backfill.run_chunk(_pipeline(), chunk, _request(chunk), _run_id(), _say)
    except Exception as error:
        context["ti"].xcom_push("failure", {"label": chunk["label"], "reason": f"{type(error).__name__}: {error}"})
        raise


@_plain_errors
def summary(chunks: list[dict[str, Any]], done: Sequence[dict[str, Any]]) -> None:
    """Remember and tell what the backfill did; fails where a chunk has failed, and names it."""
    from contact_audit.runs.backfill import finish_backfill
    from contact_audit.runs.report import backfill_lines

    context: Any = get_current_context()
    finished, request = list(done[:]), _request(chunks[0])
    labels = {chunk["label"] for chunk in finished}
    failed = [number for number, chunk in enumerate(chunks) if chunk["label"] not in labels]
    told = context["ti"].xcom_pull("run_chunk", key="failure", map_indexes=failed) if failed else []
    failures = {chunks[number]["label"]: "no reason known, see its log" for number in failed}
    failures |= {one["label"]: one["reason"] for one in told if one}
    result = finish_backfill(_pipeline(), request, finished, not failures, _run_id())
    _tell(backfill_lines(result, finished, failures, request.dry_run))
    if failures:
        listed = "; ".join(f"{label} ({reason})" for label, reason in failures.items())
        raise ContactAuditError(
            f"{len(failures)} of {len(chunks)} chunks failed: {listed}. Mend the cause, then run the DAG again with "
            "the same params, or clear the failed tasks: what is loaded already is skipped."
        )
    if not request.dry_run:
        _announce(result)
    else:
        _announce_nothing()


@_plain_errors
def export() -> dict[str, Any]:
    """A file of events and its manifest on object storage; the manifest."""
    from contact_audit.export.destinations import check_destination
    from contact_audit.export.request import Request
    from contact_audit.export.run import export_to

    context: Any = get_current_context()
    params, now = context["params"], datetime.now(UTC)
    request = Request.from_params(params, now)
    own = _below_home("exports")
    destination = params.get("destination") or own
    check_destination(destination, Settings.from_environment(os.environ).export_destinations.split() or [own])
    done = export_to(_dsn("contact_audit", AuditDatabaseError), request, destination, _run_id(), now, _say)
    _tell([f"{done['events']:,} events, {done['bytes']:,} bytes: {done['uri']}", done["coverage"]["line"]])
    return done


@_plain_errors
def undo() -> dict[str, Any]:
    """A plan that would take events back, and its import files, on object storage; its counts."""
    from contact_audit.act.choice import Choice
    from contact_audit.act.undo import make_plan
    from contact_audit.act.write import write_to
    from contact_audit.export.destinations import check_destination

    context: Any = get_current_context()
    params, now = context["params"], datetime.now(UTC)
    settings = Settings.from_environment(os.environ)
    choice = Choice.from_params(params, now)
    place = "".join(one if one.isalnum() or one in "_-" else "_" for one in _run_id())
    own = _below_home("undo")
    destination = params.get("destination") or f"{own}/{place}"
    check_destination(destination, settings.export_destinations.split() or [own, _below_home("exports")])
    plan = make_plan(_dsn("contact_audit", AuditDatabaseError), choice, now)
    done = write_to(plan, destination, settings.undo_empty_mark or None)
    counts = ", ".join(f"{count:,} {section.replace('_', ' ')}" for section, count in done["changes"].items())
    _tell([f"{plan.events:,} events: {counts}", f"plan: {done['uri']}"])
    return done


@_plain_errors
def verify() -> dict[str, Any]:
    """The log held against the ledger, and with `deep` against the evidence; fails where anything was touched."""
    from contact_audit.runs.verifying import verify_by

    params: Any = get_current_context()["params"]
    return verify_by(params, _dsn("contact_audit", AuditDatabaseError), _pipeline, _say, _tell)


def _pipeline() -> "Pipeline":
    from contact_audit.runs.pipeline import Pipeline

    settings = Settings.from_environment(os.environ)
    return Pipeline(settings, _dsn("helpdesk", SourceError), _dsn("contact_audit", AuditDatabaseError))


def _dsn(name: str, failure: type[ContactAuditError]) -> str:
    from contact_audit.connections import dsn_from_uri, dsn_of

    variable = f"AIRFLOW_CONN_{name.upper()}"
    try:
        return dsn_of(BaseHook.get_connection(name))
    except AirflowNotFoundException:
        # a URI with several hosts Airflow cannot read, and then knows of no such connection; we can
        if written := os.environ.get(variable):
            return dsn_from_uri(written)
        raise failure(
            f"Airflow has no connection {name}. Define it, of type postgres (Admin, Connections, or the variable {variable})."
        ) from None


def _staging_base(settings: Settings) -> str:
    return settings.staging or _below_home("staging")


def _below_home(name: str) -> str:
    from pathlib import Path

    return (Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser() / name).as_uri()


def _request(chunk: dict[str, Any]) -> Any:
    from contact_audit.runs.backfill import Request

    # `to` as the plan has taken it: a window may have ended since.
    context: Any = get_current_context()
    return Request.from_params({**context["params"], "to": chunk["until"]}, datetime.now(UTC))


def _announce(done: "Report") -> None:
    """The counts into the asset's event; no event where nothing was loaded."""
    context: Any = get_current_context()
    if not done.windows:
        _announce_nothing()
        return
    counts = {name: value for name, value in done.as_dict().items() if name not in ("evidence_lost", "newer", "notes")}
    context["outlet_events"][AUDIT_LOG].extra = counts | {
        "run_id": _run_id(),
        "windows_kept_for_lost_evidence": len(done.evidence_lost),
    }


def _announce_nothing() -> None:
    context: Any = get_current_context()
    context["task"].outlets = []  # of this task run only: Airflow runs a copy


def _is_over(run_id: str) -> bool:
    """Whether that run of this DAG neither runs nor waits."""
    context: Any = get_current_context()
    dag_id = context["dag_run"].dag_id
    active: int = context["ti"].get_dr_count(dag_id=dag_id, run_ids=[run_id], states=["queued", "running"])
    return active == 0


def _run_id() -> str:
    context: Any = get_current_context()
    return str(context["dag_run"].run_id)


def _say(text: str) -> None:
    _log.info("%s", text)


def _tell(lines: Iterable[str]) -> None:
    for line in lines:
        _results.info("%s", line)
