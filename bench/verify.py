"""Proving a whole log: seconds and memory of a verification, and of the deep one beside the backfill that loaded it."""

from datetime import timedelta

from bench import table
from bench.backfill import load
from bench.worker import Worker
from bench.world import databases, fill, make_audit, make_helpdesk
from contact_audit.local.embedded import Server
from contact_audit.windows import HISTORY_START

_AIM_SECONDS, _AIM_EVENTS = 60, 2_000_000


def run(server: Server, contacts: int, entries: int, windows: int, parallel: int) -> None:
    """Load a history of so many entries, verify it, and verify it deep; SystemExit where anything is found in it."""
    with databases(server, "bench_verify", "bench_verify_audit") as (helpdesk, audit):
        table.say(f"verify: generating {contacts:,} contacts, {entries:,} entries, {windows:,} captures")
        make_helpdesk(helpdesk)
        make_audit(audit)
        fill(helpdesk, "functions")
        fill(helpdesk, "first_capture", contacts=contacts, captured_at=HISTORY_START)
        fill(helpdesk, "history", contacts=contacts, entries=entries, windows=windows, start=HISTORY_START)
        end = HISTORY_START + windows * timedelta(hours=3)
        params = {"from": HISTORY_START.isoformat(), "to": end.isoformat(), "max_parallel": parallel}
        table.say(f"verify: loading, {parallel} chunks at a time")
        _, report, loading, _ = load(helpdesk, audit, params, parallel)
        answers = []
        for deep in (False, True):
            table.say(f"verify: {'deep' if deep else 'the log against its ledger'}")
            with Worker(helpdesk, audit) as worker:
                answers.append(worker.ask("verify", deep=deep))
        if found := [line for answer in answers for line in answer["findings"]]:
            raise SystemExit("\n".join(["findings in a log that nobody has touched:", *found]))
    shallow, deep_one = answers
    events = report["events"]
    rows = [
        ("verify", table.seconds(shallow["seconds"]), f"{events / shallow['seconds']:,.0f} events/s"),
        (
            f"  at this pace, {_AIM_EVENTS:,}",
            table.seconds(shallow["seconds"] * _AIM_EVENTS / events),
            f"computed, not measured, unless there are as many; aim: under {_AIM_SECONDS} s",
        ),
        ("  peak memory", table.megabytes(shallow["peak"]), "without the database's"),
        ("deep, beside it", table.seconds(deep_one["seconds"] - shallow["seconds"]), f"peak {table.megabytes(deep_one['peak'])}"),
        (
            "deep / backfill",
            table.times(deep_one["seconds"] / loading),
            f"the backfill: {loading:.1f} s, {parallel} chunks at a time; aim: under 2 x",
        ),
    ]  # fmt: skip
    table.show(f"verify: {events:,} events of {contacts:,} contacts in {windows:,} windows", rows)
