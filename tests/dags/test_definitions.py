"""What the DAGs say of themselves: schedule, params, docs, retries; before any run."""

import ast
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG, CronDataIntervalTimetable
from airflow.sdk.definitions.param import ParamsDict
from airflow.sdk.exceptions import ParamValidationError

from contact_audit.errors import ConnectionLostError, SettingsError, SourceError
from contact_audit.export.request import FORMATS, Filters
from contact_audit.local.state import PROJECT
from contact_audit.model import ACTIONS, ATTRIBUTIONS
from contact_audit.runs.backfill import Request
from contact_audit.runs.sync import own_window

SYNC, BACKFILL, EXPORT = "contact_audit_sync", "contact_audit_backfill", "contact_audit_export"
UNDO, VERIFY = "contact_audit_undo", "contact_audit_verify"


def test_the_dags_import_without_errors(dagbag: DagBag) -> None:
    assert dagbag.import_errors == {}
    assert {SYNC, BACKFILL, EXPORT, UNDO, VERIFY} <= set(dagbag.dags)


def test_the_sync_runs_every_three_hours_as_data_intervals(dagbag: DagBag) -> None:
    dag: DAG = dagbag.dags[SYNC]
    assert isinstance(dag.timetable, CronDataIntervalTimetable)
    assert (dag.timetable.expression, str(dag.timetable.timezone)) == ("0 */3 * * *", "UTC")
    assert dag.start_date == datetime(2019, 10, 1, tzinfo=UTC)
    assert not dag.catchup
    assert dag.max_active_runs == 1


def test_the_log_is_verified_every_day(dagbag: DagBag) -> None:
    dag: DAG = dagbag.dags[VERIFY]
    assert (dag.timetable.expression, str(dag.timetable.timezone)) == ("30 1 * * *", "UTC")
    assert (dag.catchup, dag.max_active_runs) == (False, 1)


@pytest.mark.parametrize("dag_id", [BACKFILL, EXPORT, UNDO])
def test_the_backfill_and_the_export_run_only_when_triggered(dagbag: DagBag, dag_id: str) -> None:
    assert dagbag.dags[dag_id].schedule is None


@pytest.mark.parametrize("dag_id", [SYNC, BACKFILL, EXPORT, UNDO, VERIFY])
def test_each_dag_tells_its_owner_and_how_it_is_retried(dagbag: DagBag, dag_id: str) -> None:
    dag: DAG = dagbag.dags[dag_id]
    assert "contact_audit" in dag.tags
    for task in dag.tasks:
        assert (task.owner, task.retries) == ("contact_audit", 3)
        policy: Any = task.retry_policy
        assert policy.evaluate(ConnectionLostError("gone"), 1, 3).action.value == "retry"
        assert policy.evaluate(SourceError("no table"), 1, 3).action.value == "fail"
        assert policy.evaluate(ValueError("unforeseen"), 1, 3).action.value == "default"


def test_what_reads_the_helpdesk_in_bulk_runs_in_its_pool(dagbag: DagBag) -> None:
    assert dagbag.dags[SYNC].get_task("extract").pool == "helpdesk_db"
    assert dagbag.dags[BACKFILL].get_task("run_chunk").pool == "helpdesk_db"


@pytest.mark.parametrize(
    ("dag_id", "failures"),
    [
        (SYNC, ("brake", "evidence_lost")),
        (BACKFILL, ("brake", "evidence_lost")),
        (EXPORT, ("destination=", "partial")),
        (UNDO, ("destination=", "conflicts")),
        (VERIFY, ("touched", "trust.md")),
    ],
)
def test_the_docs_answer_what_when_how_and_what_if_it_fails(
    dagbag: DagBag, dag_id: str, failures: tuple[str, ...]
) -> None:
    text = dagbag.dags[dag_id].doc_md or ""
    questions = ("**What.**", "**When.**", "**How to run.**", "**What if it fails.**", "lost the")
    for question in (*questions, *failures):
        assert question in text


@pytest.mark.parametrize("path", sorted((PROJECT / "dags").glob("*.py")), ids=lambda path: path.stem)
def test_a_dag_file_is_short_and_holds_no_logic(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) < 80
    logic = (ast.For, ast.While, ast.If, ast.Try, ast.comprehension)
    assert not [node for node in ast.walk(ast.parse(text)) if isinstance(node, logic)]


def test_parsing_imports_nothing_heavy() -> None:
    heavy = ("pandas", "pyarrow", "adbc_driver_postgresql", "pandera", "alembic")
    code = f"import sys, contact_audit.runs.tasks; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT / "plugins", capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def _params(dagbag: DagBag, **given: Any) -> dict[str, Any]:
    params = ParamsDict(dagbag.dags[BACKFILL].params.dump())
    declared = dagbag.dags[BACKFILL].params
    merged = ParamsDict({name: declared.get_param(name) for name in params})
    merged.update({name.rstrip("_"): value for name, value in given.items()})
    return merged.validate()


def test_the_backfill_takes_the_whole_history_by_default(dagbag: DagBag) -> None:
    request = Request.from_params(_params(dagbag), datetime(2026, 1, 1, 2, tzinfo=UTC))
    assert (request.span.start, request.span.end) == (
        datetime(2019, 10, 1, tzinfo=UTC),
        datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert (request.chunk, request.max_parallel, request.decisions) == ("auto", 2, {})
    assert (request.force, request.dry_run, request.accept_lost_evidence) == (False, False, False)


@pytest.mark.parametrize("dag_id", [BACKFILL, EXPORT, UNDO])
def test_each_param_of_the_form_has_a_title_and_a_description(dagbag: DagBag, dag_id: str) -> None:
    params = dagbag.dags[dag_id].params
    for name in params:
        param = params.get_param(name)
        assert param.schema["title"]
        assert param.description
    assert params.get_param("from").schema["format"] == params.get_param("to").schema["format"] == "date-time"


@pytest.mark.parametrize(
    "given",
    [
        {"chunk": "decade"},
        {"max_parallel": 0},
        {"max_parallel": 65},
        {"max_parallel": "2"},
        {"force": "yes"},
        {"from_": None},
        {"to": 2024},
        {"decisions": {"4711": "perhaps: unsure"}},
        {"decisions": {"4711": "accept:"}},
        {"decisions": {"newest": "accept: checked"}},
    ],
    ids=str,
)
def test_the_form_refuses_what_is_out_of_bounds(dagbag: DagBag, given: dict[str, Any]) -> None:
    with pytest.raises(ParamValidationError):
        _params(dagbag, **given)


def test_the_form_of_the_export_offers_what_the_export_takes(dagbag: DagBag) -> None:
    params = dagbag.dags[EXPORT].params
    assert params.get_param("format").schema["enum"] == list(FORMATS)
    for name, choices in (("actions", ACTIONS), ("attributions", ATTRIBUTIONS)):
        assert params.get_param(name).schema["items"]["enum"] == list(choices)
    assert {*Filters().__dict__, "from", "to", "format", "destination"} == set(params)


def test_the_form_of_the_undo_offers_the_exports_filters(dagbag: DagBag) -> None:
    offered, undo = dagbag.dags[EXPORT].params, dagbag.dags[UNDO].params
    assert set(offered) - {"format"} == set(undo)
    for name in Filters().__dict__:
        assert undo.get_param(name).schema == offered.get_param(name).schema | {
            key: undo.get_param(name).schema[key] for key in ("examples", "title")
        }


def test_decisions_of_the_form_are_those_of_the_request(dagbag: DagBag) -> None:
    params = _params(dagbag, decisions={"4711": "ignore: export died half-way"}, max_parallel=64, chunk="year")
    request = Request.from_params(params, datetime(2026, 1, 1, tzinfo=UTC))
    assert request.decisions == {4711: ("ignore", "export died half-way")}


def _at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-01-{text}+00:00")


@pytest.mark.parametrize(
    ("run_type", "logical", "interval_end", "run_after", "own_end"),
    [
        ("scheduled", _at("05T03:00"), _at("05T06:00"), _at("05T06:00"), _at("05T06:00")),
        ("backfill", _at("01T00:00"), _at("01T03:00"), _at("01T03:00"), _at("01T03:00")),
        ("manual", None, None, _at("05T08:59"), _at("05T06:00")),
        ("manual", _at("02T03:00"), _at("02T03:00"), _at("05T08:59"), _at("02T03:00")),
        # from the command line, the interval is that of the moment
        ("manual", _at("02T04:30"), _at("05T06:00"), _at("05T08:59"), _at("02T03:00")),
    ],
)
def test_a_run_knows_its_own_window(
    run_type: str, logical: datetime | None, interval_end: datetime | None, run_after: datetime, own_end: datetime
) -> None:
    assert own_window(run_type, logical, interval_end, run_after, _at("05T09:00")).end == own_end


def test_a_window_that_has_not_ended_is_refused() -> None:
    with pytest.raises(SettingsError, match="has not ended; valid logical dates: up to 2026-01-05T09:00"):
        own_window("manual", _at("06T00:00"), None, _at("05T09:00"), _at("05T09:00"))
