"""Which folders a run sweeps: those of runs that are over; never one at work, nor what is not ours."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contact_audit.runs.staging import Staging, sweep

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def swept(folder: Path, now: datetime, *over: str) -> list[str]:
    return [name.rpartition("-")[2] for name in sweep(folder.as_uri(), now, lambda run: run in over)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for run in ("alive", "dead"):
        Staging.create(tmp_path.as_uri(), run, NOW)
    (tmp_path / "somebody_elses").mkdir()
    return tmp_path


def test_a_run_that_is_over_is_swept_at_once(folder: Path) -> None:
    assert swept(folder, NOW + timedelta(minutes=1), "dead") == ["dead"]
    assert {path.name.rpartition("-")[2] for path in folder.iterdir()} == {"alive", "somebody_elses"}


def test_after_a_day_nothing_of_a_run_is_left(folder: Path) -> None:
    assert sorted(swept(folder, NOW + timedelta(days=1, seconds=1))) == ["alive", "dead"]
    assert [path.name for path in folder.iterdir()] == ["somebody_elses"]


def test_a_folder_that_names_no_run_waits_for_its_day(folder: Path) -> None:
    (nameless,) = (path for path in folder.iterdir() if path.name.endswith("dead"))
    (nameless / "run_id").unlink()
    assert swept(folder, NOW + timedelta(hours=23), "dead", "alive") == ["alive"]


def test_there_is_nothing_to_sweep_where_nothing_was_staged(tmp_path: Path) -> None:
    assert swept(tmp_path / "none", NOW) == []
