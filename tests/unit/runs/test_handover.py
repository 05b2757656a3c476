"""What tasks hand to each other is read by the version that wrote it, and by no other."""

from typing import Any

import pytest

from contact_audit.errors import ContactAuditError, HandoverError
from contact_audit.runs.handover import FORMAT, SpanMeta, marked, unmarked

PLAN = {"spans": [["2026-01-01T00:00:00+00:00", "2026-01-01T03:00:00+00:00"]]}


def test_a_plan_of_this_version_is_read() -> None:
    assert unmarked(marked(PLAN)) == PLAN | {"format": FORMAT}


@pytest.mark.parametrize("data", [PLAN, PLAN | {"format": FORMAT - 1}, PLAN | {"format": FORMAT + 1}])
def test_another_versions_plan_says_what_to_do(data: dict[str, Any]) -> None:
    with pytest.raises(HandoverError, match="another version of Contact Audit; clear the run from its first task"):
        unmarked(data)


def test_another_versions_frames_are_not_opened() -> None:
    with pytest.raises(HandoverError):
        SpanMeta.of({"span": PLAN["spans"][0], "forward": None})


def test_trying_again_does_not_help_so_that_the_task_fails_at_once() -> None:
    assert issubclass(HandoverError, ContactAuditError)
