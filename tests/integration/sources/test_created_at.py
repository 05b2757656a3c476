"""A contact that comes back as it was, but for its created_at: the full capture's created_at dates its birth (rule 7)."""

import pytest

from tests.support.compact import events_of, expected, logged, moment, world_of
from tests.support.runs import backfill, new_pipeline
from tests.support.worlds import write_world

EVENTS = """
    06:00/1 [2-3] delete 04:00 ann matched #1: plan a>null
    06:00/2 [2-3] restore 04:30 ? unattributed -: plan null>a
"""


@pytest.mark.parametrize("before", ["capture plan=a created=-9:00", "changed"])
def test_rule_7_a_birth_without_an_entry_is_dated_by_a_created_at_that_alone_differs(
    before: str, helpdesk_dsn: str, audit_dsn: str
) -> None:
    evidence = f"""
        00:00 capture plan=a created=-9:00
        03:00 {before}
        04:00 delete #1 ann
        06:00 capture plan=a created=04:30
    """
    assert events_of(evidence) == expected(EVENTS)
    write_world(helpdesk_dsn, world_of(evidence))
    backfill(new_pipeline(helpdesk_dsn, audit_dsn), from_=moment("00:00").isoformat(), to=moment("06:00").isoformat())
    assert logged(audit_dsn) == expected(EVENTS)
