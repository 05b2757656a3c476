"""The commands behind the Makefile: python -m contact_audit.local <command>.

What only some of them need is imported there: drivers, Alembic and pandas take two seconds.
"""

import argparse
import os
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from functools import partial

from contact_audit.errors import ContactAuditError, SettingsError
from contact_audit.local import processes
from contact_audit.local.embedded import Server
from contact_audit.local.environment import (
    CONTACT_AUDIT,
    DEFAULT_PORT,
    HELPDESK,
    METADATA,
    added,
    airflow_environment,
    is_embedded,
)
from contact_audit.local.state import HOME_VARIABLE, State
from contact_audit.settings import Settings

say = partial(print, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status. Errors of this project are one message, without a traceback."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    given = dict(os.environ)
    os.umask(0o077)  # what is written here holds people's data and secrets
    try:
        if chosen.run is not _doctor:  # who tells of wrong settings among the rest
            Settings.from_environment(given)
        status = chosen.run(State.from_environment(given), given, chosen)
    except ContactAuditError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    return int(status or 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m contact_audit.local",
        description="Contact Audit on this machine.",
        epilog=f"State lives in .contact_audit/ in the project, or where {HOME_VARIABLE} says.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, run, text in (
        ("demo", _demo, "fill a demo helpdesk, audit it through Airflow, show a contact's activity"),
        ("up", _up, "start Airflow with its UI, in the background"),
        ("down", _down, "end Airflow and the embedded PostgreSQL"),
        ("clean", _clean, "the same, and delete all local state"),
        ("migrate", _migrate, "bring the audit database's schema up to date"),
        ("doctor", _doctor, "say what is wrong with this set-up, and how to mend it"),
        ("verify", _verify, "prove that nobody has touched the log, and name what was touched"),
        ("check-source", _check_source, "check that the helpdesk can be read, in plain words"),
        ("env", _env, "print the environment of Airflow's processes, for a shell's eval"),
        ("status", _status, "say what runs"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        if name == "verify":
            command.add_argument(
                "--deep", action="store_true", help="derive every loaded window anew from the helpdesk's evidence, too"
            )
    tried = commands.add_parser("watch-test", help="say what a watch file would have said of the past year")
    tried.add_argument(
        "file", nargs="?", default="", help="the watch file; by default the one of CONTACT_AUDIT_WATCHES"
    )
    tried.set_defaults(run=_watch_test)
    airflow = commands.add_parser("airflow", help="run an Airflow command: airflow dags list", add_help=False)
    airflow.add_argument("arguments", nargs=argparse.REMAINDER)
    airflow.set_defaults(run=_airflow)
    return parser


def _demo(state: State, given: Mapping[str, str], _: argparse.Namespace) -> None:
    from contact_audit.local.demo import demo

    demo(state, given, say)


def _up(state: State, given: Mapping[str, str], _: argparse.Namespace) -> None:
    if processes.standalone(state):
        say("Airflow runs already.")
        _say_login(state, (state.home / "url").read_text())
        return
    wanted = _port(given)
    port = processes.free_port(wanted)
    if port != wanted:
        say(f"Port {wanted} is taken; using {port} (PORT=... chooses another).")
    environment = _prepared(state, given, port)
    if is_embedded(CONTACT_AUDIT, given):
        from contact_audit.log import migrations

        migrations.upgrade(Server(state).dsn("contact_audit"))
    say("Starting Airflow")
    processes.start_standalone(state, environment)
    url = environment["AIRFLOW__API__BASE_URL"]
    (state.home / "url").write_text(url)
    _say_login(state, url)


def _down(state: State, _: Mapping[str, str], __: argparse.Namespace) -> None:
    say("Airflow: " + ("ended" if processes.stop_standalone(state) else "was not running"))
    say("PostgreSQL: " + ("stopped" if Server(state).stop() else "was not running"))


def _clean(state: State, given: Mapping[str, str], chosen: argparse.Namespace) -> None:
    _down(state, given, chosen)
    if not state.home.is_dir():
        return
    Server(state).remove()
    for part in state.parts:
        shutil.rmtree(part) if part.is_dir() else part.unlink(missing_ok=True)
    if not any(state.home.iterdir()):
        state.home.rmdir()
    say(f"Deleted the state in {state.home}")


def _migrate(state: State, given: Mapping[str, str], _: argparse.Namespace) -> None:
    from contact_audit.connections import where
    from contact_audit.log import migrations

    dsn = _address(state, given, CONTACT_AUDIT)
    before = migrations.current(dsn)
    after = migrations.upgrade(dsn)
    say(f"{where(dsn)}: " + (f"at revision {after} already" if before == after else f"now at revision {after}"))


def _check_source(state: State, given: Mapping[str, str], _: argparse.Namespace) -> int:
    from contact_audit.connections import dsn_from_uri
    from contact_audit.local.check_source import check_source

    if is_embedded(HELPDESK, given):
        Server(state).start()
        dsn = Server(state).dsn("helpdesk")
    else:
        dsn = dsn_from_uri(given[HELPDESK])
    return check_source(Settings.from_environment(given), dsn, "", say)


def _doctor(state: State, given: Mapping[str, str], _: argparse.Namespace) -> int:
    from contact_audit.local.doctor import findings
    from contact_audit.local.looked_at import look

    found = findings(look(state, given, _port(given)))
    for finding in found:
        say(finding.line())
    say(f"{len(found)} faults." if len(found) > 1 else "1 fault." if found else "All is well.")
    return 1 if found else 0


def _watch_test(state: State, given: Mapping[str, str], chosen: argparse.Namespace) -> None:
    from datetime import UTC, datetime

    from contact_audit.act.trial import trial
    from contact_audit.act.watch_file import read_watches

    path = chosen.file or Settings.from_environment(given).watches
    if not path:
        raise SettingsError(
            "which watch file? Set CONTACT_AUDIT_WATCHES, or: make watch-test ARGS=deploy/watches.example.yaml"
        )
    watches = read_watches(path)
    for line in trial(_address(state, given, CONTACT_AUDIT), watches, datetime.now(UTC)):
        say(line)


def _verify(state: State, given: Mapping[str, str], chosen: argparse.Namespace) -> int:
    from contact_audit.connections import where
    from contact_audit.log.verify import verify
    from contact_audit.runs.deep import deep
    from contact_audit.runs.pipeline import Pipeline

    dsn = _address(state, given, CONTACT_AUDIT)
    more = None
    if chosen.deep:
        pipeline = Pipeline(Settings.from_environment(given), _address(state, given, HELPDESK), dsn)
        more = partial(deep, pipeline, None, None, say)
    head, findings = verify(dsn, more=more)
    for line in [*(finding.line for finding in findings), *head.notes]:
        say(line)
    say(f"{where(dsn)}: " + (f"{len(findings)} findings. " if findings else "nothing was touched. ") + head.line)
    return 1 if findings else 0


def _address(state: State, given: Mapping[str, str], name: str) -> str:
    """A database's DSN, the embedded one started where none is given."""
    from contact_audit.connections import dsn_from_uri

    if not is_embedded(name, given):
        return dsn_from_uri(given[name])
    Server(state).start()
    return Server(state).dsn("helpdesk" if name == HELPDESK else "contact_audit")


def _airflow(state: State, given: Mapping[str, str], chosen: argparse.Namespace) -> None:
    environment = _prepared(state, given, _port(given))
    os.execve(processes.AIRFLOW, [processes.AIRFLOW, *chosen.arguments], environment)  # noqa: S606


def _env(state: State, given: Mapping[str, str], _: argparse.Namespace) -> None:
    state.make()
    for name, value in sorted(added(airflow_environment(state, given, _port(given)), given).items()):
        print(f"export {name}={shlex.quote(value)}")


def _status(state: State, _: Mapping[str, str], __: argparse.Namespace) -> None:
    airflow, postgres = processes.standalone(state), Server(state).pid()
    say(f"Airflow: {f'process {airflow.pid}' if airflow else 'not running'}")
    say(f"PostgreSQL: {f'process {postgres}' if postgres else 'not running'}")


def _prepared(state: State, given: Mapping[str, str], port: int) -> dict[str, str]:
    # Needless where the caller has set every database.
    if any(is_embedded(name, given) for name in (HELPDESK, CONTACT_AUDIT, METADATA)):
        Server(state).start()
    state.make()
    environment = airflow_environment(state, given, port)
    if not processes.metadata_is_ready(state, environment):
        # On stderr: the output may be read by a program.
        print("Preparing Airflow's metadata, this once takes half a minute", file=sys.stderr)
        processes.prepare_metadata(state, environment)
    return environment


def _port(given: Mapping[str, str]) -> int:
    text = given.get("PORT") or str(DEFAULT_PORT)
    if not text.isdigit() or not 1 <= int(text) <= 65_535:
        raise SettingsError(f"PORT={text!r} is not a port: a whole number from 1 to 65535")
    return int(text)


def _say_login(state: State, url: str) -> None:
    say(f"Airflow is up: {url}")
    if known := processes.login(state):
        say(f"Log in as {known[0]}, password {known[1]}")
    say(f"Its log: {state.logs / 'airflow.log'}; make down ends it.")
