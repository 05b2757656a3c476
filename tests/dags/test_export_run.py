"""The DAG contact_audit_export, run by Airflow in this process."""

import csv
import json
from pathlib import Path

import pytest

from tests.support.dag_runs import Project
from tests.support.runs import backfill, new_pipeline, query

EXPORT = "contact_audit_export"
DAYS = {"from_": "2019-10-01T00:00:00Z", "to": "2019-10-04T00:00:00Z"}


@pytest.fixture(autouse=True)
def allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exports may write below the test's own folder."""
    monkeypatch.setenv("CONTACT_AUDIT_EXPORT_DESTINATIONS", tmp_path.as_uri())


def test_an_export_is_a_file_and_its_manifest(project: Project, tmp_path: Path) -> None:
    backfill(new_pipeline(project.helpdesk, project.audit), **DAYS)
    folder = tmp_path / "exports"
    conf = {"from": "2019-10-01T00:00:00Z", "to": "2019-10-02T00:00:00Z", "destination": folder.as_uri()}
    run = project.run(EXPORT, run_conf=conf)
    assert run.state == "success", run.text
    assert run.tasks == {"export": ("success", 1)}
    name = "contact_audit-20191001T000000Z-20191002T000000Z.csv"
    assert {path.name for path in folder.iterdir()} == {name, f"{name}.manifest.json"}
    with (folder / name).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    (counted,) = query(
        project.audit,
        "select count(*) as n from audit.contact_audit_log where occurred_at < '2019-10-02 00:00+00'",
    )
    manifest = json.loads((folder / f"{name}.manifest.json").read_text())
    assert len(rows) == counted["n"] == manifest["events"]
    assert manifest["coverage"]["complete_until"] == "2019-10-04T00:00:00+00:00"
    assert f"{counted['n']} events, {manifest['bytes']:,} bytes: {folder.as_uri()}/{name}" in run.text
    assert "Complete from 2019-10-01 00:00 to 2019-10-04 00:00 UTC; without gaps;" in run.text


def test_filters_of_the_form_are_obeyed(project: Project, tmp_path: Path) -> None:
    backfill(new_pipeline(project.helpdesk, project.audit), **DAYS)
    conf = {"format": "ecs", "destination": tmp_path.as_uri(), "actions": ["delete"], "authors": ["contact:self"]}
    run = project.run(EXPORT, run_conf=conf)
    assert run.state == "success", run.text
    (file,) = tmp_path.glob("*.ecs.ndjson")
    events = [json.loads(line) for line in file.read_text().splitlines()]
    assert events
    assert {(event["contact_audit"]["action"], event["user"]["id"]) for event in events} == {("delete", "self")}


def test_a_destination_that_is_not_allowed_is_refused_before_any_work(project: Project, tmp_path: Path) -> None:
    elsewhere = tmp_path.with_name(f"{tmp_path.name}-elsewhere")
    run = project.run(EXPORT, run_conf={"destination": elsewhere.as_uri()})
    assert (run.state, run.tasks["export"]) == ("failed", ("failed", 1))
    assert (
        f"SettingsError: destination='{elsewhere.as_uri()}' is not below a folder that exports may write to" in run.text
    )
    assert tmp_path.as_uri() in run.text
    assert not elsewhere.exists()
