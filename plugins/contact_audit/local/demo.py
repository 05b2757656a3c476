"""`make demo`: a filled helpdesk, its whole history through Airflow, and a contact's activity on the screen.

Every step says what it does; run again, each finds its work done or continues it.
"""

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contact_audit.connections import dsn_from_uri
from contact_audit.database import audit_connection
from contact_audit.errors import ContactAuditError
from contact_audit.local.embedded import Server
from contact_audit.local.environment import CONTACT_AUDIT, HELPDESK, airflow_environment, is_embedded
from contact_audit.local.processes import AIRFLOW, metadata_is_ready, prepare_metadata, tail
from contact_audit.local.state import PROJECT, State
from contact_audit.log import migrations
from contact_audit.settings import Settings
from contact_audit.sql import statement
from contact_audit.windows import HISTORY_START, Window, floor_border, windows_between

BACKFILL, SYNC = "contact_audit_backfill", "contact_audit_sync"
# Airflow's log lines: moment [level] message [logger] loc=...
_PROGRESS = re.compile(r"^\S+ \[\w+ *\] (.*?) +\[contact_audit\.tasks\](?: .*)?$")
_ERROR = re.compile(r"^(?:[\w.]+\.)?(\w*(?:Error|Exception): .*)$")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_QUIET_SECONDS = 15
_LAST_DAY = timedelta(days=1)
_SYNC_HEALS = 800  # windows; a run takes at most 1,000

NEXT = """
What to try next:
  make up                         Airflow with its UI: trigger contact_audit_backfill, watch contact_audit_sync
  make demo                       again: the helpdesk goes on to now, and nothing is loaded twice
  make airflow ARGS='dags list'   any Airflow command, in this project's environment
  make test                       all tests
  make down                       end the background processes
Your own helpdesk: set AIRFLOW_CONN_HELPDESK and AIRFLOW_CONN_CONTACT_AUDIT; see README.md."""


def demo(state: State, given: Mapping[str, str], say: Callable[[str], None]) -> None:
    """The demo, start to end. `given` is the caller's environment. Raises ContactAuditError."""
    begin = time.monotonic()
    Server(state).start()
    say(f"PostgreSQL is up (state in {_short(state.home)})")
    environment = airflow_environment(state, given)
    if not metadata_is_ready(state, environment):
        say("Airflow's metadata: preparing, this once takes half a minute")
        prepare_metadata(state, environment)
    audit, helpdesk = (dsn_from_uri(environment[name]) for name in (CONTACT_AUDIT, HELPDESK))
    say(f"Audit database: at revision {migrations.upgrade(audit)}")
    if is_embedded(HELPDESK, given):
        from contact_audit.demo import fill

        say("Demo helpdesk: filling")
        fill(helpdesk, floor_border(datetime.now(UTC)), progress=lambda text: say(f"  {text}"))
    else:
        say(f"Helpdesk: the one that {HELPDESK} names; it is only read")
    if not _history_is_loaded(audit):
        run_dags(state, environment, say)
    elif _something_is_due(environment, helpdesk, audit, say):
        run_dags(state, environment, say, (SYNC,))
    else:
        say("No need to start Airflow; make up has it look every three hours")
    from contact_audit.runs.report import print_activity, print_report

    print()
    print_activity(audit)
    print()
    print_report(audit)
    say(f"Done in {time.monotonic() - begin:.0f} s")
    print(NEXT)


def run_dags(
    state: State,
    environment: Mapping[str, str],
    say: Callable[[str], None],
    dag_ids: Sequence[str] = (BACKFILL, SYNC),
) -> None:
    """Run these DAGs through Airflow, one after the other; a ContactAuditError with the log's end if one fails."""
    # The last day is left to the sync, so that there is something for it to do.
    until = floor_border(datetime.now(UTC)) - _LAST_DAY
    conf = {BACKFILL: ("--conf", json.dumps({"to": until.isoformat()}))}
    for dag_id in dag_ids:
        begin = time.monotonic()
        log = state.logs / f"{dag_id}.log"
        say(f"Airflow runs {dag_id} (log: {_short(log)})")
        with log.open("w") as output:
            process = subprocess.Popen(
                [AIRFLOW, "dags", "test", dag_id, *conf.get(dag_id, ())],
                env={**environment, "NO_COLOR": "1"},
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
            try:
                _follow(process, log, say)
            finally:
                if process.poll() is None:
                    process.terminate()
                    process.wait()
        if process.returncode:
            errors = [match[1] for line in tail(log, lines=500).splitlines() if (match := _ERROR.match(line))]
            reason = f"\n{errors[-1]}" if errors else ""
            raise ContactAuditError(f"{dag_id} failed; the end of {log}:\n{tail(log, lines=25)}{reason}")
        say(f"{dag_id}: done in {time.monotonic() - begin:.0f} s")


def _history_is_loaded(dsn: str) -> bool:
    """Whether no window is missing but a few newest ones, which the sync loads by itself."""
    with audit_connection(dsn) as connection, connection.cursor() as cursor:
        cursor.execute(statement("audit/loaded_windows"))
        windows, until = cursor.fetchone() or (0, None)
    missing = 0 if until is None else len(windows_between(until, datetime.now(UTC)))
    return bool(windows) and windows == len(windows_between(HISTORY_START, until)) and missing < _SYNC_HEALS


def _something_is_due(environment: Mapping[str, str], helpdesk: str, audit: str, say: Callable[[str], None]) -> bool:
    """Whether a run of the sync would find work, found as it finds it."""
    # Not before now: they bring Airflow, which takes seconds and makes Alembic talk.
    from contact_audit.runs.pipeline import Pipeline
    from contact_audit.runs.sync import find_due

    pipeline = Pipeline(Settings.from_environment(environment), helpdesk, audit)
    plan = find_due(pipeline, Window(floor_border(datetime.now(UTC))), False, lambda text: say(f"Sync: {text}"))
    return bool(plan["spans"])


def _follow(process: "subprocess.Popen[bytes]", log: Path, say: Callable[[str], None]) -> None:
    begin = spoke = time.monotonic()
    with log.open("rb") as file:
        while process.poll() is None:
            time.sleep(0.5)
            now = time.monotonic()
            done = [match[1] for line in file if (match := _PROGRESS.search(_plain(line)))]
            if done:
                say(f"  {done[-1]}")
                spoke = now
            elif now - spoke >= _QUIET_SECONDS:
                say(f"  at work for {now - begin:.0f} s")
                spoke = now


def _plain(line: bytes) -> str:
    return _COLOURS.sub("", line.decode(errors="replace")).rstrip()


def _short(path: Path) -> str:
    return os.path.relpath(path) if path.is_relative_to(PROJECT) else str(path)
