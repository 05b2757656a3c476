"""Captures that are not taken until somebody decides: too many contacts gone, or a journal whose ids went back."""

from collections.abc import Callable
from typing import Any

import pytest

from contact_audit.errors import CaptureBrakeError, SourceError
from contact_audit.runs.pipeline import Pipeline
from contact_audit.sources.capture import take
from contact_audit.sources.store import LiveSource
from tests.support.runs import query, sync
from tests.support.tiny.world import events, last_border

Do = Callable[..., list[dict[str, Any]]]
TEN = "insert into person (id, name) select n, 'Contact ' || n from generate_series(1, 10) as n"


def capture(pipeline: Pipeline) -> int:
    """Take a capture; its id."""
    assert isinstance(pipeline.source, LiveSource)
    return take(pipeline.source, pipeline.settings).snapshot_id


def decide(pipeline: Pipeline, snapshot_id: int, decision: str) -> None:
    """What somebody decides about a capture."""
    query(
        pipeline.audit_dsn,
        "insert into audit.capture_decisions (snapshot_id, decision, decided_by, reason) values (%s, %s, 'me', 'because')",
        (snapshot_id, decision),
    )


def captures(pipeline: Pipeline) -> list[int]:
    """The ids of all captures."""
    rows = query(pipeline.audit_dsn, "select snapshot_id::int from captures.snapshots order by 1")
    return [row["snapshot_id"] for row in rows]


def test_a_source_that_loses_half_its_contacts_is_braked_until_accepted(pipeline: Pipeline, do: Do) -> None:
    do(TEN)
    capture(pipeline)
    do("delete from person where id > 5")
    for _ in range(2):
        with pytest.raises(CaptureBrakeError, match=r"5 of 10 contacts.*snapshot_id 2"):
            sync(pipeline, last_border())
    assert captures(pipeline) == [1]
    decide(pipeline, 2, "accept")
    sync(pipeline, last_border())
    assert captures(pipeline) == [1, 2]
    assert [one["action"] for one in events(pipeline)] == ["delete"] * 5
    assert capture(pipeline) == 3


def test_soft_deletes_are_deletes_for_the_brake(pipeline: Pipeline, do: Do) -> None:
    do(TEN)
    capture(pipeline)
    do("update person set active = false where id > 5")
    with pytest.raises(CaptureBrakeError):
        capture(pipeline)


def test_a_source_that_recovers_goes_on_by_itself(pipeline: Pipeline, do: Do) -> None:
    do(TEN)
    capture(pipeline)
    do("create table aside as select * from person where id > 5; delete from person where id > 5")
    with pytest.raises(CaptureBrakeError):
        capture(pipeline)
    do("insert into person select * from aside")
    assert capture(pipeline) == 2
    assert query(pipeline.audit_dsn, "select count(*)::int from captures.contact_snapshots")[0]["count"] == 10
    do("delete from person where id > 5")
    with pytest.raises(CaptureBrakeError, match="snapshot_id 3"):
        capture(pipeline)


def test_an_ignored_attempt_is_spent_and_the_next_one_has_an_id_of_its_own(pipeline: Pipeline, do: Do) -> None:
    do(TEN)
    capture(pipeline)
    do("delete from person where id > 5")
    with pytest.raises(CaptureBrakeError, match="snapshot_id 2"):
        capture(pipeline)
    decide(pipeline, 2, "ignore")
    with pytest.raises(CaptureBrakeError, match="snapshot_id 3"):
        capture(pipeline)
    decide(pipeline, 3, "accept")
    assert capture(pipeline) == 3


@pytest.fixture
def restored(pipeline: Pipeline, do: Do) -> Pipeline:
    """A helpdesk whose journal of five rows was copied, then restored to the first three, and gone on from there."""
    do("insert into person (id, name) values (1, 'Dana'), (2, 'Eve')")
    do(
        "insert into log (person, author, at) select 1, '1', make_timestamptz(2026, 1, 1, n, 0, 0, 'UTC') from generate_series(1, 5) n"
    )
    capture(pipeline)
    do("delete from log where id > 3; alter table log alter column id restart with 4")
    return pipeline


def test_a_restored_backup_stops_the_runs_until_a_new_count_of_ids_is_accepted(restored: Pipeline, do: Do) -> None:
    with pytest.raises(CaptureBrakeError, match="greatest id is 3, and was 5"):
        capture(restored)
    do(
        "insert into log (person, author, at) values (2, '2', '2026-02-01Z'), (2, '2', '2026-02-02Z'), (1, '1', '2026-02-03Z')"
    )
    with pytest.raises(CaptureBrakeError, match="journal row 4 has another contact"):
        capture(restored)
    decide(restored, 2, "accept")
    assert capture(restored) == 2
    do("insert into log (person, author, at) values (1, '1', '2026-02-04Z')")
    assert capture(restored) == 3
    rows = query(
        restored.audit_dsn,
        "select epoch, entry_id::int, contact_id::int, seen_snapshot_id::int as seen from captures.journal_rows order by 1, 2",
    )
    assert [tuple(row.values()) for row in rows] == [
        *((1, entry, 1, 1) for entry in range(1, 6)),
        (2, 4, 2, 2),
        (2, 5, 2, 2),
        (2, 6, 1, 2),
        (2, 7, 1, 3),
    ]
    ids = query(restored.audit_dsn, "select entry_id from captures.contact_journal order by entry_id")
    assert [row["entry_id"] for row in ids] == [1, 2, 3, 4, 5, *((1 << 48) + n for n in (4, 5, 6, 7))]


def test_the_newest_entries_that_went_with_their_contact_are_no_restored_backup(restored: Pipeline, do: Do) -> None:
    do("delete from log; delete from person where id = 1")
    with pytest.raises(CaptureBrakeError, match=r"1 of 2 contacts") as raised:
        capture(restored)
    assert "greatest id" not in str(raised.value)


def test_a_clock_that_was_set_back_takes_no_capture(pipeline: Pipeline, do: Do) -> None:
    do(TEN)
    capture(pipeline)
    query(pipeline.audit_dsn, "update captures.snapshots set captured_at = captured_at + interval '1 hour'")
    with pytest.raises(SourceError, match="not later than capture 1"):
        capture(pipeline)
    assert captures(pipeline) == [1]
