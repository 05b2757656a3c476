"""The DAG contact_audit_undo, run by Airflow in this process."""

import csv
import json
from pathlib import Path

import pytest

from tests.support.dag_runs import Project
from tests.support.runs import backfill, new_pipeline, query

UNDO = "contact_audit_undo"
DAYS = {"from_": "2019-10-01T00:00:00Z", "to": "2019-10-04T00:00:00Z"}


def test_a_plan_is_written_with_its_import_files_and_a_manifest(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTACT_AUDIT_UNDO_EMPTY_MARK", "-")
    monkeypatch.setenv("CONTACT_AUDIT_EXPORT_DESTINATIONS", tmp_path.as_uri())
    backfill(new_pipeline(project.helpdesk, project.audit), **DAYS)
    folder = tmp_path / "undo"
    conf = {"destination": folder.as_uri(), "actions": ["update"], "authors": ["agent:7", "agent:8"]}
    run = project.run(UNDO, run_conf=conf)
    assert run.state == "success", run.text
    told = json.loads((folder / "plan.json").read_text())
    chosen = query(
        project.audit,
        "select event_id, jsonb_array_length(changes) as changes from audit.contact_audit_log where action = 'update' "
        "and author_type = 'agent' and author_id in ('7', '8')",
    )
    given = {name: told["filters"][name] for name in ("actions", "authors")}
    assert given == {"actions": ["update"], "authors": ["agent:7", "agent:8"]}
    assert told["complete_until"] == "2019-10-04T00:00:00+00:00"
    assert sum(told["changes"].values()) == sum(row["changes"] for row in chosen)
    listed = {event for name in told["changes"] for entry in told[name] for event in entry["events"]}
    assert listed == {row["event_id"] for row in chosen}
    manifest = json.loads((folder / "manifest.json").read_text())
    assert {path.name for path in folder.iterdir()} == {*manifest["sha256"], "manifest.json"}
    rows = 0
    for file in manifest["files"]:
        with (folder / file["file"]).open(newline="", encoding="utf-8") as opened:
            rows += len(list(csv.DictReader(opened)))
    assert rows == len({entry["contact_id"] for entry in told["set"]}) > 0
    assert f"plan: {folder.as_uri()}/plan.json" in run.text

    again = project.run(UNDO, run_conf={"destination": folder.as_uri(), "contacts": ["nobody"]})
    assert again.state == "success", again.text
    assert {path.name for path in folder.iterdir()} == {"plan.json", "manifest.json"}


def test_a_folder_that_no_setting_allows_is_refused(project: Project, tmp_path: Path) -> None:
    run = project.run(UNDO, run_conf={"destination": tmp_path.as_uri()})
    assert (run.state, run.tasks["undo"]) == ("failed", ("failed", 1))
    assert (
        f"SettingsError: destination={tmp_path.as_uri()!r} is not below a folder that exports may write to" in run.text
    )


def test_a_bad_filter_is_refused_at_once_with_what_is_valid(project: Project, tmp_path: Path) -> None:
    run = project.run(UNDO, run_conf={"destination": tmp_path.as_uri(), "fields": ["phone"]})
    assert (run.state, run.tasks["undo"]) == ("failed", ("failed", 1))
    assert "fields='phone' is no field; valid: name, email, primary_phone, custom_fields.<key>." in run.text
