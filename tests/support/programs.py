"""Programs of Debian's that some tests need: found, installed where that is allowed, else told at the end what was not tried.

A test that quietly does not run looks like one that passes; so each says what it would have tried, in one line of pytest's end.
"""

import os
import shutil
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

NOT_TRIED = "not tried: "
_INSTALLER = Path(__file__).resolve().parents[2] / ".ci" / "programs"
_OTHER_NAMES = {"chromium": ("chromium-browser", "google-chrome")}
_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin", "/sbin"))


@cache
def found(name: str) -> str | None:
    """Where the program is; installed by .ci/programs where it is missing and apt and the rights are there."""
    here = _look(name)
    if here is None:
        subprocess.run([_INSTALLER, name], capture_output=True, check=False)
        here = _look(name)
    return here


def needed(name: str, what: str) -> str:
    """Where the program is. Without it the test ends here, and `what` is told as not tried; under CI it fails."""
    here = found(name)
    if here is None:
        if os.environ.get("CI"):
            pytest.fail(f"{what}: {name} is not here, and cannot be installed")
        pytest.skip(f"{NOT_TRIED}{what} (needs {name})")
    return here


def untried(reasons: Iterable[str]) -> str | None:
    """One line of all that was not tried, of the reasons of tests that did not run."""
    told = sorted({reason.partition(NOT_TRIED)[2] for reason in reasons if NOT_TRIED in reason})
    return f"Not tried here: {'; '.join(told)}." if told else None


def _look(name: str) -> str | None:
    return next((path for one in (name, *_OTHER_NAMES.get(name, ())) if (path := shutil.which(one, path=_PATH))), None)
