"""A live helpdesk end to end: captures taken by each run, the journal copied, events as for any source."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from contact_audit.runs.pipeline import Pipeline
from tests.support.runs import backfill, sync
from tests.support.tiny.world import events, last_border

Do = Callable[..., list[dict[str, Any]]]


def test_what_changed_between_two_runs_is_told_with_its_author(pipeline: Pipeline, do: Do) -> None:
    do(
        "insert into person (id, name, email, role) values (1, 'Dana', 'd@x.io', 'customer'), (9, 'Ann', 'a@x.io', 'agent')"
    )
    plan, report = sync(pipeline, last_border())
    assert report.events == 0
    do("update person set phone = '+1 1' where id = 1")
    do(
        """insert into log (person, author, items) values (1, '9', '[{"field": "primary_phone", "old": "", "new": "+1 1"}]')"""
    )
    do("insert into person (id, name, email) values (2, 'Eve', 'e@x.io')")
    plan, report = sync(pipeline, last_border())
    assert any("1 journal rows seen first" in note for note in plan["notes"])
    told = events(pipeline)
    assert [(one["contact_id"], one["action"], one["attribution"], one["author_id"]) for one in told] == [
        (1, "update", "recorded", "9"),
        (2, "create", "unattributed", None),
    ]
    assert told[0]["changes"] == [{"field": "primary_phone", "old": None, "new": "+1 1"}]


def test_history_before_the_first_capture_is_told_by_a_backfill(pipeline: Pipeline, do: Do) -> None:
    do("insert into person (id, name, email) values (1, 'Dana', 'd@x.io')")
    do(
        """insert into log (person, author, at, items)
        values (1, '1', '2024-05-01 10:00Z', '[{"field": "name", "old": "D", "new": "Dana"}]')"""
    )
    report = backfill(pipeline, now=last_border() + timedelta(minutes=1), from_="2024-05-01T00:00:00Z")
    assert report.events == 1
    assert [(one["attribution"], one["author_type"]) for one in events(pipeline)] == [("unconfirmed", "contact")]
