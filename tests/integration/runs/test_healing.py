"""Healing: what became visible late is found by the next sync, and only the windows that it touches are replaced."""

import tempfile
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from contact_audit.runs.outcome import Report
from contact_audit.runs.pipeline import Pipeline
from contact_audit.runs.staging import Staging
from contact_audit.runs.sync import derive_due, extract_due, find_due, finish_sync, load_due
from contact_audit.windows import Window
from tests.support.compact import expected, logged, moment, world_of
from tests.support.runs import NOW, backfill, loaded_windows, new_pipeline, query, quiet, stored, sync
from tests.support.worlds import random_world, write_world


@pytest.fixture
def pipeline(helpdesk_dsn: str, audit_dsn: str) -> Pipeline:
    return new_pipeline(helpdesk_dsn, audit_dsn)


@pytest.fixture
def happens(helpdesk_dsn: str) -> Callable[[str], None]:
    """Adds lines (compact.py) to the helpdesk."""
    return lambda text: write_world(helpdesk_dsn, world_of(text))


def run(pipeline: Pipeline, clock: str, run_id: str = "") -> tuple[list[str], Report]:
    """The sync of the window that ends at a time: the windows that it took, and its report."""
    plan, report = sync(pipeline, moment(clock), run_id or clock)
    return [f"{start[11:16]}-{end[11:16]}" for start, end in plan["spans"]], report


def status(dsn: str) -> dict[str, Any]:
    return query(dsn, "select * from audit.sync_status")[0]


EVENTFUL_NIGHT = """
    00:00 capture#1 plan=a
    01:00 update #1 ann plan:a>b
    03:00 capture#2 plan=b
    06:00 capture#3 plan=c
    09:00 capture#4 plan=d
"""


def test_a_late_entrys_window_is_due_in_the_next_run_and_only_that(
    pipeline: Pipeline, happens: Callable[[str], None], audit_dsn: str
) -> None:
    happens(EVENTFUL_NIGHT)
    for clock in ("03:00", "06:00", "09:00"):
        run(pipeline, clock)
    happens("04:00~11:00 update #2 bo plan:b>c")
    windows, report = run(pipeline, "12:00")
    assert windows == ["03:00-06:00", "09:00-12:00"]
    assert report.superseded == 1
    assert logged(audit_dsn) == expected(
        """
        03:00/1 [1-2] update 01:00 ann recorded #1: plan a>b
        06:00/1 [2-3] update 04:00 bo recorded #2: plan b>c
        09:00/1 [3-4] update 06:00..09:00 ? unattributed -: plan c>d
        """
    )
    assert run(pipeline, "12:00")[0] == []
    assert run(pipeline, "15:00")[0] == ["12:00-15:00"]


def test_superseded_rows_are_kept_with_when_by_which_run_and_why(
    pipeline: Pipeline, happens: Callable[[str], None], audit_dsn: str
) -> None:
    happens(EVENTFUL_NIGHT)
    for clock in ("03:00", "06:00", "09:00"):
        run(pipeline, clock)
    before = query(audit_dsn, "select * from audit.contact_audit_log where window_end = %s", (moment("06:00"),))
    happens("04:00~11:00 update #2 bo plan:b>c")
    run(pipeline, "12:00", "the healing run")
    (row,) = query(audit_dsn, "select *, superseded_at > loaded_at as later from audit.superseded_events")
    assert row.pop("later") is True
    assert row.pop("superseded_at") is not None
    assert row.pop("superseded_in") is not None
    assert (row.pop("superseded_by"), row.pop("reason")) == ("the healing run", "evidence changed")
    assert [row] == before
    (ledger,) = query(audit_dsn, "select * from audit.ledger where superseded > 0")
    assert (ledger["run_id"], ledger["window_end"], ledger["superseded"]) == ("the healing run", moment("06:00"), 1)


def test_a_late_entry_within_skew_of_a_capture_makes_both_its_windows_due(
    pipeline: Pipeline, happens: Callable[[str], None]
) -> None:
    happens(EVENTFUL_NIGHT)
    for clock in ("03:00", "06:00", "09:00"):
        run(pipeline, clock)
    happens("05:59~11:00 update #2 bo plan:c>d")
    assert run(pipeline, "12:00")[0] == ["03:00-12:00"]


def test_a_late_entry_without_effect_is_accounted_for_once(
    pipeline: Pipeline, happens: Callable[[str], None], audit_dsn: str
) -> None:
    happens(EVENTFUL_NIGHT)
    for clock in ("03:00", "06:00"):
        run(pipeline, clock)
    happens("01:30~06:30 update #2 bo name")
    assert run(pipeline, "09:00")[0] == ["00:00-03:00", "06:00-09:00"]
    assert "#2 no_known_effect" in logged(audit_dsn)
    assert run(pipeline, "12:00")[0] == ["09:00-12:00"]
    assert query(audit_dsn, "select * from audit.superseded_events") == []


def test_a_capture_that_appears_late_splits_a_pair(
    pipeline: Pipeline, happens: Callable[[str], None], audit_dsn: str
) -> None:
    happens(
        """
        00:00 capture#1 plan=a
        02:00 update #1 ann plan
        05:00 update #2 bo plan
        09:00 capture#4 plan=c
        """
    )
    for clock in ("03:00", "06:00", "09:00"):
        run(pipeline, clock)
    assert logged(audit_dsn) == expected(
        "09:00/1 [1-4] update 02:00..05:00 unknown/None/None/10.0.0.7/agent_panel ambiguous #1|#2: plan a>c"
    )
    happens("03:00 capture#2 plan=b")
    assert run(pipeline, "12:00")[0] == ["00:00-03:00", "06:00-12:00"]
    assert logged(audit_dsn) == expected(
        """
        03:00/1 [1-2] update 02:00 ann matched #1: plan a>b
        09:00/1 [2-4] update 05:00 bo matched #2: plan b>c
        """
    )
    assert run(pipeline, "15:00")[0] == ["12:00-15:00"]


def test_a_late_capture_whose_row_no_later_capture_repeats_reaches_the_contacts(
    pipeline: Pipeline, happens: Callable[[str], None], audit_dsn: str
) -> None:
    happens(
        """
        00:00 capture#1 plan=a
        06:00 changed#3
        """
    )
    for clock in ("03:00", "06:00"):
        run(pipeline, clock)
    happens("03:00 changed#2 plan=b")
    run(pipeline, "09:00")
    assert logged(audit_dsn) == expected("03:00/1 [1-2] update 00:00..03:00 ? unattributed -: plan a>b")
    assert query(audit_dsn, "select custom_fields, deleted from audit.contacts") == [
        {"custom_fields": {"plan": "b"}, "deleted": False}
    ]


def test_an_outage_heals_in_one_run(pipeline: Pipeline, happens: Callable[[str], None], audit_dsn: str) -> None:
    happens("00:00 capture#1 plan=a\n 03:00 capture#2 plan=b")
    run(pipeline, "03:00")
    happens("06:00 capture#3 plan=c\n 10:00 update #2 bo plan\n 18:00 changed#5 plan=e")
    assert run(pipeline, "18:00")[0] == ["03:00-18:00"]
    assert loaded_windows(audit_dsn) == [moment("03:00") + timedelta(hours=3) * number for number in range(6)]
    assert logged(audit_dsn)[-1] == "18:00/1 [3-5] update 10:00 bo matched #2: plan c>e"


@pytest.mark.heavy(minutes=5)
def test_a_replay_of_the_past_heals_as_the_present_did(
    helpdesk_dsn: str, audit_dsn: str, new_database: Any, _audit_template: str
) -> None:
    world = random_world(11, contacts=8, captures=8, hardness=0.7)
    for number, row in enumerate(world["contact_journal"]):
        if number % 3 == 0:
            row["recorded_at"] = (_moment(row["occurred_at"]) + timedelta(hours=number % 24)).isoformat()
    write_world(helpdesk_dsn, {**world, "contact_journal": []})
    ends = [_moment("2019-10-01T03:00:00+00:00") + timedelta(hours=3) * number for number in range(22)]
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0, overlap_seconds=0)
    replaced = 0
    for end in ends:
        visible = [row for row in world["contact_journal"] if _moment(row["recorded_at"]) <= end]
        query(helpdesk_dsn, "truncate helpdesk.contact_journal")
        write_world(helpdesk_dsn, {"contact_journal": visible})
        replaced += sync(pipeline, end)[1].superseded
    query(helpdesk_dsn, "truncate helpdesk.contact_journal")
    write_world(helpdesk_dsn, {"contact_journal": world["contact_journal"]})
    sync(pipeline, ends[-1] + timedelta(hours=3))
    on_time = new_database(_audit_template)
    backfill(
        new_pipeline(helpdesk_dsn, on_time, brake_share=1.0),
        from_="2019-10-01T00:00:00Z",
        to=(ends[-1] + timedelta(hours=3)).isoformat(),
    )
    assert _since_october(audit_dsn) == _since_october(on_time)
    assert replaced > 0
    assert query(audit_dsn, "select count(*) as n from audit.superseded_events")[0]["n"] >= replaced


def test_a_runs_limit_delays_healing_and_loses_nothing(
    helpdesk_dsn: str, audit_dsn: str, happens: Callable[[str], None]
) -> None:
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn, max_windows=1, overlap_seconds=0)
    happens(EVENTFUL_NIGHT)
    backfill(pipeline, from_=moment("00:00").isoformat(), to=moment("09:00").isoformat())
    happens("04:00~11:00 update #2 bo plan:b>c\n 07:00~11:00 update #3 ada plan:c>d")
    windows, report = run(pipeline, "12:00")
    assert windows == ["03:00-06:00"]
    assert "2 more windows are due and left to the next run" in " ".join(report.notes)
    assert f"from={moment('06:00').isoformat()}, to={moment('12:00').isoformat()}" in " ".join(report.notes)
    assert run(pipeline, "12:00")[0] == ["06:00-09:00"]
    assert run(pipeline, "12:00")[0] == ["09:00-12:00"]
    assert run(pipeline, "12:00")[0] == []
    assert [line.split()[5] for line in logged(audit_dsn)] == ["recorded"] * 3


def test_an_entry_recorded_between_extract_and_commit_is_found_by_the_next_sync(
    helpdesk_dsn: str, audit_dsn: str, happens: Callable[[str], None]
) -> None:
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn, overlap_seconds=0)
    happens(EVENTFUL_NIGHT)
    run(pipeline, "03:00")
    with tempfile.TemporaryDirectory() as folder:
        plan = find_due(pipeline, Window(moment("06:00")), False, quiet)
        staging = Staging.create(Path(folder).as_uri(), "slow", NOW)
        metas = extract_due(pipeline, plan, staging, quiet)
        happens("04:00~06:30 update #2 bo plan:b>c")
        derive_due(pipeline, metas, staging, quiet)
        report = Report.from_dict(load_due(pipeline, plan, metas, staging, "slow", quiet))
        finish_sync(pipeline, plan, report, "slow")
    assert "06:00/1 [2-3] update 03:00..06:00 ? unattributed -: plan b>c" in logged(audit_dsn)
    assert run(pipeline, "09:00")[0] == ["03:00-09:00"]
    assert "06:00/1 [2-3] update 04:00 bo recorded #2: plan b>c" in logged(audit_dsn)


def test_a_chunk_that_loads_while_a_sync_heals_hides_nothing(
    helpdesk_dsn: str, audit_dsn: str, happens: Callable[[str], None]
) -> None:
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn, overlap_seconds=0)
    happens(EVENTFUL_NIGHT)
    run(pipeline, "09:00")
    with tempfile.TemporaryDirectory() as folder:
        staging = Staging.create(Path(folder).as_uri(), "chunk", NOW)
        chunk = find_due(pipeline, Window(moment("06:00")), True, quiet)
        metas = extract_due(pipeline, chunk, staging, quiet)  # a chunk has read,
        derive_due(pipeline, metas, staging, quiet)
        happens("04:00~11:00 update #2 bo plan:b>c\n 10:00~11:30 update #3 ada name")
        run(pipeline, "12:00")  # a sync sees more and looks for what is late,
        load_due(pipeline, chunk, metas, staging, "chunk", quiet)  # and only then the chunk loads
    assert "06:00/1 [2-3] update 03:00..06:00 ? unattributed -: plan b>c" in logged(audit_dsn)
    assert run(pipeline, "15:00")[0] == ["03:00-06:00", "12:00-15:00"]
    assert "06:00/1 [2-3] update 04:00 bo recorded #2: plan b>c" in logged(audit_dsn)


def test_a_load_that_has_not_committed_when_a_sync_looks_hides_nothing(
    helpdesk_dsn: str, audit_dsn: str, happens: Callable[[str], None]
) -> None:
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn, overlap_seconds=0)
    happens("-3:00 capture#9 plan=a" + EVENTFUL_NIGHT)
    query(audit_dsn, _SLOW_APPEND)
    only(pipeline, "09:00", "early")
    with closing(psycopg2.connect(audit_dsn)) as holding, tempfile.TemporaryDirectory() as folder:
        holding.autocommit = True
        holding.cursor().execute("select pg_advisory_lock(4711)")
        slow = threading.Thread(target=only, args=(pipeline, "06:00", "slow"))
        slow.start()  # has read, and appended to the ledger, and does not commit:
        while slow.is_alive() and not query(
            audit_dsn, "select 1 from pg_locks where locktype = 'advisory' and objid = 4711 and not granted"
        ):
            pass
        fast = threading.Thread(target=only, args=(pipeline, "-3:00", "fast"))
        fast.start()  # the ledger does not go on beyond it: who appends waits
        happens("04:00~11:00 update #2 bo plan:b>c\n 10:00~11:30 update #3 ada name")
        found: list[dict[str, Any]] = []
        look = threading.Thread(target=lambda: found.append(find_due(pipeline, Window(moment("12:00")), False, quiet)))
        look.start()  # a sync looks
        look.join(timeout=1)
        holding.cursor().execute("select pg_advisory_unlock(4711)")
        slow.join()
        fast.join()
        look.join()
        _go_on(pipeline, found[0], "sync", folder)
    run(pipeline, "15:00")
    assert "06:00/1 [2-3] update 04:00 bo recorded #2: plan b>c" in logged(audit_dsn)


_SLOW_APPEND = """
create function audit.wait() returns trigger language plpgsql as $$
begin
    if new.run_id = 'slow' then perform pg_advisory_xact_lock(4711); end if;
    return new;
end $$;
create trigger wait after insert on audit.ledger for each row execute function audit.wait();
"""


def only(pipeline: Pipeline, clock: str, run_id: str) -> None:
    """Load one window and nothing else."""
    sync(pipeline, moment(clock), run_id, only_own=True)


def _go_on(pipeline: Pipeline, plan: dict[str, Any], run_id: str, folder: str) -> None:
    staging = Staging.create(Path(folder).as_uri(), run_id, NOW)
    metas = extract_due(pipeline, plan, staging, quiet)
    derive_due(pipeline, metas, staging, quiet)
    report = Report.from_dict(load_due(pipeline, plan, metas, staging, run_id, quiet))
    finish_sync(pipeline, plan, report, run_id)


def test_a_capture_seconds_after_the_border_shows_up_with_that_run_and_the_rest_with_the_next(
    pipeline: Pipeline, happens: Callable[[str], None], audit_dsn: str
) -> None:
    happens(
        """
        00:00:05 capture#1 plan=a
        02:00 update #1 ann plan:a>b
        03:00:05 capture#2 plan=b
        """
    )
    assert run(pipeline, "03:00")[0] == ["00:00-06:00"]
    assert logged(audit_dsn) == expected("06:00/1 [1-2] update 02:00 ann recorded #1: plan a>b")
    happens("04:00 update #2 bo plan:b>c\n 05:00 capture#3 plan=c\n 06:00:05 capture#4 plan=c")
    assert run(pipeline, "06:00")[0] == ["03:00-09:00"]
    assert logged(audit_dsn) == expected(
        """
        06:00/1 [1-2] update 02:00 ann recorded #1: plan a>b
        06:00/2 [2-3] update 04:00 bo recorded #2: plan b>c
        """
    )
    assert query(audit_dsn, "select * from audit.superseded_events") == []


def test_waiting_entries_are_counted_with_the_oldest_ones_moment(
    pipeline: Pipeline, happens: Callable[[str], None], audit_dsn: str
) -> None:
    happens(
        """
        00:00 capture#1 plan=a
        02:00 update #1 ann plan:a>b
        03:00 capture#2 plan=b
        02:59 update #2 ann plan:b>c
        04:00 update #3 bo
        """
    )
    run(pipeline, "03:00")
    seen = status(audit_dsn)
    assert (seen["waiting_entries"], seen["waiting_since"]) == (2, moment("02:59"))
    happens("06:00 capture#3 plan=c")
    run(pipeline, "06:00")
    seen = status(audit_dsn)
    assert (seen["waiting_entries"], seen["waiting_since"]) == (0, None)
    assert logged(audit_dsn)[1:] == expected(
        "06:00/1 [2-3] update 02:59 ann recorded #2: plan b>c\n #3 no_known_effect"
    )


def test_an_entry_days_before_the_capture_that_closes_its_pair_is_healed_by_a_resumed_backfill(
    pipeline: Pipeline, happens: Callable[[str], None], audit_dsn: str
) -> None:
    happens("00:00 capture#1 plan=a\n 99:00 capture#2 plan=b")
    span = {"from_": moment("96:00").isoformat(), "to": moment("102:00").isoformat()}
    backfill(pipeline, **span)
    happens("05:00~110:00 update #1 ann plan:a>b")
    backfill(pipeline, **span)
    assert logged(audit_dsn) == expected("99:00/1 [1-2] update 05:00 ann recorded #1: plan a>b")


def _since_october(dsn: str) -> dict[str, list[dict[str, Any]]]:
    rows = stored(dsn)
    start = _moment("2019-10-01T00:00:00+00:00")
    return {table: [row for row in rows[table] if row.get("window_end", NOW) > start] for table in rows}


def _moment(text: str) -> Any:
    from datetime import datetime

    return datetime.fromisoformat(text)


FROM_THE_FUTURE = """
    00:00 capture#1 plan=a
    03:00 capture#2 plan=b
    04:00 update #9 bo plan:b>c
    06:00 capture#3 plan=c
"""


@pytest.mark.parametrize("visible", ["2099-01-01", "20240-01-01", "infinity"])
def test_an_entry_from_the_future_keeps_no_late_entry_from_healing(
    visible: str, pipeline: Pipeline, happens: Callable[[str], None], helpdesk_dsn: str, audit_dsn: str
) -> None:
    happens(FROM_THE_FUTURE)
    query(helpdesk_dsn, "update helpdesk.contact_journal set recorded_at = %s::timestamptz", (visible,))
    for clock in ("03:00", "06:00"):
        run(pipeline, clock)
    happens("01:00~07:00 update #10 ann plan:a>b")
    windows, report = run(pipeline, "09:00")
    assert windows == ["00:00-03:00", "06:00-09:00"]
    assert logged(audit_dsn) == expected(
        """
        03:00/1 [1-2] update 01:00 ann recorded #10: plan a>b
        06:00/1 [2-3] update 04:00 bo recorded #9: plan b>c
        """
    )
    assert any(note.startswith("1 journal entry says that it became visible later") for note in report.notes)
    marks = "select healed_recorded_at from audit.state union all select newest_recorded_at from audit.ledger"
    assert query(audit_dsn, f"select 1 from ({marks}) as m (mark) where mark > now()") == []
    assert run(pipeline, "09:00")[0] == []


def test_an_entry_that_says_it_became_visible_in_the_future_is_itself_healed(
    pipeline: Pipeline, happens: Callable[[str], None], helpdesk_dsn: str, audit_dsn: str
) -> None:
    happens(EVENTFUL_NIGHT)
    for clock in ("03:00", "06:00", "09:00"):
        run(pipeline, clock)
    happens("04:00 update #2 bo plan:b>c")
    query(helpdesk_dsn, "update helpdesk.contact_journal set recorded_at = '2099-01-01' where entry_id = 2")
    assert run(pipeline, "12:00")[0] == ["03:00-06:00", "09:00-12:00"]
    assert "06:00/1 [2-3] update 04:00 bo recorded #2: plan b>c" in "\n".join(map(str, logged(audit_dsn)))
    assert run(pipeline, "12:00")[0] == []


def test_marks_that_an_earlier_version_took_from_the_future_are_corrected(
    pipeline: Pipeline, happens: Callable[[str], None], audit_dsn: str
) -> None:
    happens(FROM_THE_FUTURE)
    for clock in ("03:00", "06:00"):
        run(pipeline, clock)
    query(audit_dsn, "alter table audit.ledger disable trigger all")
    query(audit_dsn, "update audit.ledger set newest_recorded_at = '2099-01-01'")
    query(audit_dsn, "alter table audit.ledger enable trigger all")
    query(audit_dsn, "update audit.state set healed_recorded_at = '2099-01-01'")
    happens("01:00~07:00 update #10 ann plan:a>b")
    windows, report = run(pipeline, "09:00")
    assert windows == ["00:00-03:00", "06:00-09:00"]
    assert any("lies in the source's future" in note for note in report.notes)
    (mark,) = query(audit_dsn, "select healed_recorded_at as at from audit.state")
    assert mark["at"] == moment("07:00")
    assert not any("future" in note for note in run(pipeline, "12:00")[1].notes)


def test_a_backfill_finds_late_entries_beside_marks_from_the_future(
    pipeline: Pipeline, happens: Callable[[str], None], audit_dsn: str
) -> None:
    happens(FROM_THE_FUTURE)
    whole = {"from_": moment("00:00").isoformat(), "to": moment("06:00").isoformat()}
    backfill(pipeline, **whole)
    query(audit_dsn, "alter table audit.ledger disable trigger all")
    query(audit_dsn, "update audit.ledger set newest_recorded_at = '2099-01-01'")
    query(audit_dsn, "alter table audit.ledger enable trigger all")
    happens("01:00~07:00 update #10 ann plan:a>b")
    assert backfill(pipeline, "again", **whole).windows == 1
    assert {row["attribution"] for row in query(audit_dsn, "select attribution from audit.contact_audit_log")} == {
        "recorded"
    }
