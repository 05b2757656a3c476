"""A replica dates a capture by what it has replayed, not by its server's clock; one that does not get on gives no second capture."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contact_audit.errors import SourceError
from contact_audit.runs.pipeline import Pipeline
from contact_audit.sources import ADAPTERS
from contact_audit.sources.capture import take
from contact_audit.sources.store import LiveSource
from tests.support.runs import new_pipeline, query
from tests.support.tiny import register

Do = Callable[..., list[dict[str, Any]]]
REPLAYED = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)
REPLICA = """create schema replica;
create table replica.state (replayed timestamptz, received pg_lsn, streaming boolean);
insert into replica.state values (null, '0/20', true);
create function replica.pg_is_in_recovery() returns boolean language sql return true;
create function replica.pg_last_xact_replay_timestamp() returns timestamptz language sql return (select s.replayed from replica.state as s);
create function replica.pg_last_wal_receive_lsn() returns pg_lsn language sql return (select s.received from replica.state as s);
create function replica.pg_last_wal_replay_lsn() returns pg_lsn language sql return '0/10'::pg_lsn;
create view replica.pg_stat_wal_receiver as select 1 as pid from replica.state as s where s.streaming"""


@pytest.fixture
def pipeline(tiny_dsn: str, audit_dsn: str, do: Do) -> Iterator[Pipeline]:
    """A pipeline whose source takes its server for a replica: these functions stand before PostgreSQL's own."""
    register()
    do(REPLICA)
    do("insert into person (id, name) values (1, 'Dana')")
    yield new_pipeline(tiny_dsn, audit_dsn, source="tiny", source_schema="replica, public, pg_catalog")
    ADAPTERS.pop("tiny", None)


def captured(pipeline: Pipeline) -> list[datetime]:
    """Take a capture; the moments of all."""
    assert isinstance(pipeline.source, LiveSource)
    take(pipeline.source, pipeline.settings)
    rows = query(pipeline.audit_dsn, "select captured_at from captures.snapshots order by snapshot_id")
    return [row["captured_at"] for row in rows]


def test_a_replica_that_is_behind_dates_its_capture_by_what_it_has_replayed(pipeline: Pipeline, do: Do) -> None:
    do("update replica.state set replayed = %s", (REPLAYED,))
    assert captured(pipeline) == [REPLAYED]


def test_a_capture_not_later_than_the_newest_is_refused_until_the_replica_gets_on(pipeline: Pipeline, do: Do) -> None:
    do("update replica.state set replayed = %s", (REPLAYED,))
    captured(pipeline)
    for moment in (REPLAYED, REPLAYED - timedelta(hours=1)):
        do("update replica.state set replayed = %s", (moment,))
        with pytest.raises(SourceError, match=r"not later than capture 1 .*a replica that has fallen behind"):
            captured(pipeline)
    later = REPLAYED + timedelta(microseconds=1)
    do("update replica.state set replayed = %s", (later,))
    assert captured(pipeline) == [REPLAYED, later]


def test_a_replica_that_has_replayed_all_it_was_sent_is_not_behind_an_idle_primary(pipeline: Pipeline, do: Do) -> None:
    do("update replica.state set replayed = %s, received = '0/10'", (REPLAYED,))
    before = datetime.now(UTC)
    assert captured(pipeline)[0] >= before - timedelta(seconds=1)


def test_a_replica_that_has_lost_its_primary_does_not_know_how_far_it_is_behind(pipeline: Pipeline, do: Do) -> None:
    do("update replica.state set replayed = %s, received = '0/10', streaming = false", (REPLAYED,))
    assert captured(pipeline) == [REPLAYED]
