"""audit.daily_activity, counted ahead: never a figure that the log does not bear out, and no log read for what is counted."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contact_audit.runs.backfill import Request, plan_chunks, run_chunk
from contact_audit.windows import HISTORY_START
from tests.integration.log.test_reading_views import many_events, visited
from tests.support.runs import backfill, new_pipeline, query, quiet, sync
from tests.support.worlds import load_world, random_world, write_world

COLUMNS = "day, account_id, action, author_type, channel, attribution, events, contacts"
DAYS = {"from_": "2019-10-01T00:00:00Z", "to": "2019-10-05T00:00:00Z"}


def shown(dsn: str) -> list[dict[str, Any]]:
    return sorted(query(dsn, f"select {COLUMNS} from audit.daily_activity"), key=str)


def of_the_log(dsn: str) -> list[dict[str, Any]]:
    rows = query(
        dsn,
        """
        select
            (occurred_at at time zone 'UTC')::date as day, account_id, action, author_type, channel, attribution,
            count(*) as events, count(distinct contact_id) as contacts
        from audit.contact_audit_log
        group by 1, 2, 3, 4, 5, 6
        """,
    )
    return sorted(rows, key=str)


def uncounted(dsn: str) -> int:
    return len(query(dsn, "select * from audit.uncounted_days"))


@pytest.mark.heavy(minutes=5)
def test_after_each_run_all_is_counted_and_the_same_as_the_log(helpdesk_dsn: str, audit_dsn: str) -> None:
    """Through late entries, too, that supersede events of days long counted."""
    rng = random.Random(3)
    world = random_world(12, contacts=8, captures=8, hardness=0.7)
    for number, row in enumerate(world["contact_journal"]):
        late = timedelta(hours=rng.randint(1, 20)) if number % 3 == 0 else timedelta()
        row["recorded_at"] = (datetime.fromisoformat(row["occurred_at"]) + late).isoformat()
    write_world(helpdesk_dsn, {**world, "contact_journal": []})
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0, overlap_seconds=0)
    before_last: tuple[list[dict[str, Any]], int] = ([], 0)
    for number in range(24):
        end = HISTORY_START + timedelta(hours=3) * (number + 1)
        visible = [row for row in world["contact_journal"] if datetime.fromisoformat(row["recorded_at"]) <= end]
        query(helpdesk_dsn, "truncate helpdesk.contact_journal")
        write_world(helpdesk_dsn, {"contact_journal": visible})
        sync(pipeline, end)
        assert uncounted(audit_dsn) == 0
        assert shown(audit_dsn) == of_the_log(audit_dsn)
        as_if_the_last_runs_had_not_counted(audit_dsn, *before_last)
        assert shown(audit_dsn) == of_the_log(audit_dsn)
        if number % 4 == 0:
            query(audit_dsn, "select audit.count_days()")
            before_last = counted(audit_dsn)
    assert query(audit_dsn, "select 1 from audit.superseded_events")
    as_if_the_last_runs_had_not_counted(audit_dsn, [], 0)
    days = uncounted(audit_dsn)
    assert days > 0
    assert query(audit_dsn, "select audit.count_days() as days") == [{"days": days}]
    assert uncounted(audit_dsn) == 0
    assert query(audit_dsn, "select audit.count_days() as days") == [{"days": 0}]


def counted(dsn: str) -> tuple[list[dict[str, Any]], int]:
    (state,) = query(dsn, "select counted_position from audit.state")
    return query(dsn, f"select {COLUMNS} from audit.daily_counts"), state["counted_position"]


def as_if_the_last_runs_had_not_counted(dsn: str, rows: list[dict[str, Any]], position: int) -> None:
    query(dsn, "truncate audit.daily_counts")
    for row in rows:
        names = ", ".join(f"%({name})s" for name in row)
        query(dsn, f"insert into audit.daily_counts ({COLUMNS}) values ({names})", row)
    query(dsn, "update audit.state set counted_position = %s", [position])


def test_each_chunk_of_a_backfill_counts_its_days_and_a_dry_run_none(helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(helpdesk_dsn, load_world("plain"))
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn)
    for dry_run, days in ((True, 0), (False, 1)):
        asked = {"from": DAYS["from_"], "to": DAYS["to"], "dry_run": dry_run}
        request = Request.from_params(asked, datetime(2026, 1, 1, tzinfo=UTC))
        for chunk in plan_chunks(pipeline, request, 1024, "a test", quiet):
            run_chunk(pipeline, chunk, request, "a run that never ends", quiet)
        assert len({row["day"] for row in counted(audit_dsn)[0]}) == days
    assert uncounted(audit_dsn) == 0


def test_what_is_loaded_while_days_are_counted_is_left_for_the_next_time(helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(helpdesk_dsn, load_world("plain"))
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn)
    backfill(pipeline, **DAYS)
    rows, position = counted(audit_dsn)
    # counted as of a moment at which the position had been read, and the load not yet seen
    query(audit_dsn, "update audit.state set counted_position = %s", [position - 1])
    assert uncounted(audit_dsn) > 0
    query(audit_dsn, "select audit.count_days()")
    assert counted(audit_dsn)[1] == position
    assert sorted(counted(audit_dsn)[0], key=str) == sorted(rows, key=str)


def test_counted_days_are_read_without_the_log(audit_dsn: str) -> None:
    many_events(audit_dsn)
    in_june = "select * from audit.daily_activity where day >= '2024-06-01' and day < '2024-07-01'"
    everything = "select day, sum(events) from audit.daily_activity group by day"
    query(audit_dsn, "analyze")
    assert visited(audit_dsn, in_june) >= 30 * 32
    query(audit_dsn, "select audit.count_days()")
    query(audit_dsn, "analyze")
    assert visited(audit_dsn, in_june) == 0
    assert visited(audit_dsn, everything) == 0
    assert len(query(audit_dsn, everything)) == 20_000 // 32
