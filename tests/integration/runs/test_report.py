"""What people read in a terminal: a contact's activity and the run's report."""

from datetime import UTC, datetime

import pytest

from contact_audit.runs.outcome import Report
from contact_audit.runs.report import WIDTH, backfill_lines, print_activity, print_report, report_lines
from tests.support.runs import backfill, new_pipeline, query
from tests.support.worlds import load_world, write_world


@pytest.fixture
def loaded(helpdesk_dsn: str, audit_dsn: str) -> str:
    """An audit database with the world `hard`, whose values are of the nastier kind."""
    write_world(helpdesk_dsn, load_world("hard"))
    backfill(new_pipeline(helpdesk_dsn, audit_dsn), now=datetime(2019, 10, 5, tzinfo=UTC))
    return audit_dsn


def test_every_event_of_a_contact_is_told_newest_first(loaded: str, capsys: pytest.CaptureFixture[str]) -> None:
    (busiest,) = query(
        loaded,
        "select contact_id, count(*) as events from audit.contact_audit_log group by 1 order by 2 desc, 1 limit 1",
    )
    print_activity(loaded, busiest["contact_id"], limit=1000)
    lines = capsys.readouterr().out.splitlines()
    assert f"(contact {busiest['contact_id']}" in lines[0]
    assert sum(line.startswith("    [") for line in lines) == busiest["events"]
    assert max(map(len, lines)) <= WIDTH


def test_each_way_to_know_an_author_and_each_span_is_told_in_words(
    loaded: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for row in query(loaded, "select distinct contact_id from audit.contact_audit_log"):
        print_activity(loaded, row["contact_id"], limit=1000)
    text = capsys.readouterr().out
    for words in (
        "recorded in the journal",
        "matched: ",
        "inferred: ",
        "ambiguous: any of",
        "unattributed: ",
        "unconfirmed: ",
    ):
        assert f"[{words}" in text
    for words in ("between 2019-10-", "Author unknown", "IP unknown", "channel unknown"):
        assert words in text


def test_no_value_reaches_the_terminal_as_a_command(loaded: str, capsys: pytest.CaptureFixture[str]) -> None:
    query(loaded, "update audit.contacts set name = %s", ["\x1b]0;owned\x07Eve\u202egnp"])
    query(
        loaded, "update audit.contact_audit_log set author_name = %s where author_name is not null", ["\x1b[2J\x9bEve"]
    )
    print_activity(loaded)
    text = capsys.readouterr().out
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(text)
    assert r"\x1b]0;owned\x07Eve\u202egnp" in text


def test_the_last_run_and_what_the_log_covers_are_told(loaded: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_report(loaded)
    text = capsys.readouterr().out
    (events,) = query(loaded, "select count(*) as events from audit.contact_audit_log")
    (entries,) = query(loaded, "select count(*) as entries from audit.entries_without_event")
    assert "Last run: backfill, finished " in text
    assert f"Events    {events['events']}: " in text
    assert f"accounted for, {entries['entries']} of them without an event" in text
    assert "to 2019-10-05 00:00 UTC; next sync: 2019-10-05 03:00 UTC" in text


def test_before_the_first_run_there_is_nothing_to_tell(audit_dsn: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_report(audit_dsn)
    print_activity(audit_dsn)
    print_activity(audit_dsn, "4711")
    assert capsys.readouterr().out.splitlines() == [
        "No run has finished yet.",
        "No events yet.",
        "No events of contact 4711.",
    ]


def test_what_was_kept_and_what_failed_is_named() -> None:
    lost = {f"2019-10-01T{hour:02}:00:00+00:00": {"entries": 2} for hour in range(0, 24, 2)}
    lines = report_lines(Report(evidence_lost=lost, newer=["2019-10-03T03:00:00+00:00"], notes=["a note"]))
    assert lines[0] == "a note"
    assert "12 windows as they were" in lines[1]
    assert "2019-10-01 00:00 (2 entries)" in lines[1]
    assert "and 2 more" in lines[1]
    assert "another run has loaded from newer evidence: 2019-10-03 03:00" in lines[2]
    lines = backfill_lines(
        Report(), [{"seconds": 1.0, "skipped": True}], {"2019-11": "SourceError: why"}, dry_run=False
    )
    assert lines == ["Chunks    0 done, 1 loaded already and skipped, 1 failed", "Failed    2019-11: SourceError: why"]
