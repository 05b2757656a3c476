"""The frame of the tests themselves: heavy ones state a budget, what was not tried is told, warnings are errors."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _pytest(tmp_path: Path, text: str, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run a file of tests with this project's configuration and hooks, in a process of its own."""
    file = tmp_path / "test_sample.py"
    file.write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.support.frame"]
    command += ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), *arguments, str(file)]
    environment = {name: text for name, text in os.environ.items() if name != "CI"} | variables
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_a_heavy_test_without_a_budget_is_refused(tmp_path: Path) -> None:
    done = _pytest(tmp_path, "import pytest\n\n@pytest.mark.heavy\ndef test_much(): pass\n")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "test_much: state its budget, heavy(minutes=...)" in done.stdout + done.stderr


def test_a_heavy_tests_budget_is_its_time_limit(tmp_path: Path) -> None:
    text = "import pytest, time\n\n@pytest.mark.heavy(minutes=0.005)\ndef test_much(): time.sleep(5)\n"
    done = _pytest(tmp_path, text)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "Timeout (>0.3s)" in done.stdout
    assert "Budget of the heavy tests: 0.005 minutes" in _pytest(tmp_path, text, "--collect-only").stdout


def test_what_was_not_tried_is_one_line_at_the_end(tmp_path: Path) -> None:
    text = (
        "from tests.support.programs import needed\n"
        "def test_a(): needed('no-such-program', 'the page in a browser')\n"
        "def test_b(): needed('no-such-program', 'the page in a browser')\n"
        "def test_c(): needed('nor-this-one', 'a pooler')\n"
    )
    told = "Not tried here: a pooler (needs nor-this-one); the page in a browser (needs no-such-program)."
    done = _pytest(tmp_path, text)
    assert done.returncode == pytest.ExitCode.OK
    assert done.stdout.splitlines().count(told) == 1
    under_ci = _pytest(tmp_path, text, CI="true")
    assert under_ci.returncode == pytest.ExitCode.TESTS_FAILED


def test_a_warning_is_an_error_and_each_exception_has_a_name(tmp_path: Path) -> None:
    done = _pytest(tmp_path, "import warnings\n\ndef test_old(): warnings.warn('old', DeprecationWarning)\n")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    first, *exceptions = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["filterwarnings"]
    assert first == "error"
    assert [one for one in exceptions if not one.startswith("ignore:") or len(one) < 20] == []


@pytest.mark.parametrize("file", sorted(ROOT.glob("tests/**/conftest.py")), ids=lambda file: file.parent.name)
def test_no_conftest_imports_airflow_before_the_environment_is_set(file: Path) -> None:
    """Of the folders that a command names, pytest reads these files before it sets anything up."""
    module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
    text = f"import sys, {module}; print('airflow' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["plugins", "."])}
    done = subprocess.run(
        [sys.executable, "-c", text], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
