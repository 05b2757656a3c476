"""The coverage line, which every page has, and the overview say what the last verification found, and when."""

import re
from datetime import UTC, datetime

import pytest

from contact_audit.web import queries
from contact_audit.web.queries import Coverage, Memory
from contact_audit.web.reading import Reading
from contact_audit.web.rendering import Rendering
from tests.support.runs import query

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
KEEP = (
    "insert into audit.verifications (verified_at, sequence, events, findings, first_findings) "
    "values (%s::timestamptz, 1, 1, %s, '{}')"
)


def coverage(dsn: str) -> Coverage:
    """As the page's role reads it."""
    reading = Reading(lambda: dsn)
    with reading.snapshot() as ask:
        found = queries.coverage(ask, Memory())
    reading.close()
    return found


def line(found: Coverage) -> str:
    """What the line says, without its marks."""
    module = Rendering("test")._environment.get_template("parts.html").module
    return " ".join(re.sub(r"<[^>]+>", " ", str(module.coverage_line(found, NOW))).split())  # type: ignore[attr-defined]


def test_before_the_first_verification_it_says_nothing_of_one(activity_copy: str) -> None:
    assert "erified" not in line(coverage(activity_copy))


@pytest.mark.parametrize(
    ("findings", "words"),
    [
        (0, "Verified today, 01:30 UTC: nothing was touched"),
        (1, "Verified today, 01:30 UTC: 1 finding, the log was touched"),
        (7, "Verified today, 01:30 UTC: 7 findings, the log was touched"),
    ],
)
def test_it_says_what_the_last_one_found_and_when(activity_copy: str, findings: int, words: str) -> None:
    query(activity_copy, KEEP, ["2026-11-19 01:30 UTC", 3])
    query(activity_copy, KEEP, ["2026-11-20 01:30 UTC", findings])
    assert words in line(coverage(activity_copy))
